#include "store/sqlite/sqlite_timeline_store.hpp"

#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/temporary_folder.hpp"
#include "store/timeline_store_suite.hpp"

namespace sluice {
namespace {

struct SqliteTimeline final : TimelineStoreUnderTest {
    MetadataStore& uploads() override { return metadata; }
    TimelineStore& store() override { return timeline; }
    TemporaryFolder folder;
    std::shared_ptr<SqliteDatabase> database =
        SqliteDatabase::open(folder.path("sluice.db")).value();
    SqliteMetadataStore metadata{database};
    SqliteTimelineStore timeline{database};
};

INSTANTIATE_TEST_SUITE_P(Sqlite, TimelineStoreSuite, testing::Values([] {
                             return std::make_unique<SqliteTimeline>();
                         }));

}  // namespace
}  // namespace sluice
