#include "store/sqlite/sqlite_key_store.hpp"

#include "store/key_store_suite.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

std::unique_ptr<SqliteKeyStore> opened(const std::string& path) {
    auto database = SqliteDatabase::open(path);
    EXPECT_TRUE(database) << database.error().detail;
    return std::make_unique<SqliteKeyStore>(*database);
}

struct SqliteKeys final : KeyStoreUnderTest {
    KeyStore& store() override { return *sqlite; }
    TemporaryFolder folder;
    std::unique_ptr<SqliteKeyStore> sqlite = opened(folder.path("sluice.db"));
};

INSTANTIATE_TEST_SUITE_P(Sqlite, KeyStoreSuite, testing::Values([] {
                             return std::make_unique<SqliteKeys>();
                         }));

TEST(SqliteKeyStore, SeesAtOnceWhatASecondProcessWrote) {
    const TemporaryFolder folder;
    const auto server = opened(folder.path("sluice.db"));
    const auto command = opened(folder.path("sluice.db"));
    ASSERT_TRUE(command->create(key_for_test(7)));
    EXPECT_EQ(server->find_by_bearer("bearer7").value(), key_for_test(7));
    ASSERT_TRUE(server->create(key_for_test(8)));
    EXPECT_EQ(command->list()->size(), 2u);
}

TEST(SqliteKeyStore, RemembersNoncesOverARestart) {
    const TemporaryFolder folder;
    EXPECT_EQ(
        opened(folder.path("db"))->use_nonce({{7}, 1000, "abc"}, 700).value(), NonceVerdict::fresh
    );
    const auto store = opened(folder.path("db"));
    EXPECT_EQ(store->use_nonce({{7}, 1000, "abc"}, 700).value(), NonceVerdict::seen);
    EXPECT_EQ(store->use_nonce({{7}, 1000, "abc"}, 1001).value(), NonceVerdict::seen)
        << "forgotten now and then only";
    const auto later = opened(folder.path("db"));
    EXPECT_EQ(later->use_nonce({{7}, 1000, "abc"}, 1001).value(), NonceVerdict::fresh);
}

}  // namespace
}  // namespace sluice
