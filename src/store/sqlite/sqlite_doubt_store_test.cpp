#include "store/sqlite/sqlite_doubt_store.hpp"

#include "store/doubt_store_suite.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

struct SqliteDoubts final : DoubtStoreUnderTest {
    MetadataStore& uploads() override { return metadata; }
    DoubtStore& store() override { return doubts; }
    TemporaryFolder folder;
    std::shared_ptr<SqliteDatabase> database =
        SqliteDatabase::open(folder.path("sluice.db")).value();
    SqliteMetadataStore metadata{database};
    SqliteDoubtStore doubts{database};
};

INSTANTIATE_TEST_SUITE_P(Sqlite, DoubtStoreSuite, testing::Values([] {
                             return std::make_unique<SqliteDoubts>();
                         }));

}  // namespace
}  // namespace sluice
