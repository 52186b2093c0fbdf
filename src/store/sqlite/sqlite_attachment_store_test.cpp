#include "store/sqlite/sqlite_attachment_store.hpp"

#include "store/attachment_store_suite.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

struct SqliteAttachments final : AttachmentStoreUnderTest {
    AttachmentStore& store() override { return sqlite; }
    TemporaryFolder folder;
    SqliteAttachmentStore sqlite{SqliteDatabase::open(folder.path("sluice.db")).value()};
};

INSTANTIATE_TEST_SUITE_P(Sqlite, AttachmentStoreSuite, testing::Values([] {
                             return std::make_unique<SqliteAttachments>();
                         }));

}  // namespace
}  // namespace sluice
