#include "store/postgres/storage_mark.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "store/postgres/test_postgres.hpp"

namespace sluice {
namespace {

std::shared_ptr<PostgresDatabase> opened() {
    return PostgresDatabase::open(TestPostgres::shared().make_database(), {.connections = 8})
        .value();
}

TEST(StorageMark, OfSeveralNewStoragesAtOnceOneGetsTheDatabase) {
    const auto database = opened();
    std::atomic<int> claimed = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&, i] {
            claimed += claim_storage(*database, "id" + std::to_string(i), true) ? 1 : 0;
        });
    }
    threads.clear();
    EXPECT_EQ(claimed, 1);
    const auto owner = storage_of(*database);
    EXPECT_TRUE(claim_storage(*database, *owner, true)) << "it comes again after a crash";
    EXPECT_TRUE(claim_storage(*database, *owner, false));
}

TEST(StorageMark, AStorageOfAnotherDatabaseIsRefused) {
    const auto database = opened();
    const auto lost = claim_storage(*database, "known-elsewhere", false);
    ASSERT_FALSE(lost);
    EXPECT_NE(lost.error().facts.find("does not know it"), std::string::npos);
    EXPECT_TRUE(storage_of(*database)->empty()) << "a refusal leaves nothing behind";
}

}  // namespace
}  // namespace sluice
