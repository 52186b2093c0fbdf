// The suites of all stores, on PostgreSQL.
#include "store/attachment_store_suite.hpp"
#include "store/doubt_store_suite.hpp"
#include "store/key_store_suite.hpp"
#include "store/metadata_store_suite.hpp"
#include "store/postgres/postgres_attachment_store.hpp"
#include "store/postgres/postgres_doubt_store.hpp"
#include "store/postgres/postgres_key_store.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/postgres_timeline_store.hpp"
#include "store/postgres/test_postgres.hpp"
#include "store/timeline_store_suite.hpp"

namespace sluice {
namespace {

struct PostgresMetadata final : MetadataStoreUnderTest {
    MetadataStore& store() override { return on.store; }
    void pass(std::chrono::milliseconds time) override {
        const auto done = on.database->execute(
            "UPDATE jobs SET leased_at = leased_at - $1, lease_until = lease_until - $1",
            time.count()
        );
        ASSERT_TRUE(done) << done.error().detail;
    }
    OnPostgres<PostgresMetadataStore> on;
};
INSTANTIATE_TEST_SUITE_P(Postgres, MetadataStoreSuite, testing::Values([] {
                             return std::make_unique<PostgresMetadata>();
                         }));

struct PostgresAttachments final : AttachmentStoreUnderTest {
    AttachmentStore& store() override { return on.store; }
    OnPostgres<PostgresAttachmentStore> on;
};
INSTANTIATE_TEST_SUITE_P(Postgres, AttachmentStoreSuite, testing::Values([] {
                             return std::make_unique<PostgresAttachments>();
                         }));

struct PostgresKeys final : KeyStoreUnderTest {
    KeyStore& store() override { return on.store; }
    OnPostgres<PostgresKeyStore> on;
};
INSTANTIATE_TEST_SUITE_P(Postgres, KeyStoreSuite, testing::Values([] {
                             return std::make_unique<PostgresKeys>();
                         }));

struct PostgresTimeline final : TimelineStoreUnderTest {
    MetadataStore& uploads() override { return metadata; }
    TimelineStore& store() override { return on.store; }
    OnPostgres<PostgresTimelineStore> on;
    PostgresMetadataStore metadata{on.database};
};
INSTANTIATE_TEST_SUITE_P(Postgres, TimelineStoreSuite, testing::Values([] {
                             return std::make_unique<PostgresTimeline>();
                         }));

struct PostgresDoubts final : DoubtStoreUnderTest {
    MetadataStore& uploads() override { return metadata; }
    DoubtStore& store() override { return on.store; }
    OnPostgres<PostgresDoubtStore> on;
    PostgresMetadataStore metadata{on.database};
};
INSTANTIATE_TEST_SUITE_P(Postgres, DoubtStoreSuite, testing::Values([] {
                             return std::make_unique<PostgresDoubts>();
                         }));

}  // namespace
}  // namespace sluice
