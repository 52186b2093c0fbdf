#include "store/attachment_store_suite.hpp"
#include "store/blob_store_suite.hpp"
#include "store/doubt_store_suite.hpp"
#include "store/key_store_suite.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_doubt_store.hpp"
#include "store/memory/memory_key_store.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/memory/memory_timeline_store.hpp"
#include "store/metadata_store_suite.hpp"
#include "store/timeline_store_suite.hpp"

namespace sluice {
namespace {

struct MemoryMetadata final : MetadataStoreUnderTest {
    MetadataStore& store() override { return memory; }
    MemoryMetadataStore memory;
};

struct MemoryBlobs final : BlobStoreUnderTest {
    BlobStore& store() override { return memory; }
    MemoryBlobStore memory;
};

struct MemoryAttachments final : AttachmentStoreUnderTest {
    AttachmentStore& store() override { return memory; }
    MemoryAttachmentStore memory;
};

struct MemoryDoubts final : DoubtStoreUnderTest {
    MetadataStore& uploads() override { return metadata; }
    DoubtStore& store() override { return doubts; }
    MemoryMetadataStore metadata;
    MemoryDoubtStore doubts{metadata};
};

INSTANTIATE_TEST_SUITE_P(Memory, DoubtStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryDoubts>();
                         }));

struct MemoryTimeline final : TimelineStoreUnderTest {
    MetadataStore& uploads() override { return metadata; }
    TimelineStore& store() override { return timeline; }
    MemoryMetadataStore metadata;
    MemoryTimelineStore timeline{metadata};
};

INSTANTIATE_TEST_SUITE_P(Memory, TimelineStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryTimeline>();
                         }));
INSTANTIATE_TEST_SUITE_P(Memory, AttachmentStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryAttachments>();
                         }));

struct MemoryKeys final : KeyStoreUnderTest {
    KeyStore& store() override { return memory; }
    MemoryKeyStore memory;
};

INSTANTIATE_TEST_SUITE_P(Memory, KeyStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryKeys>();
                         }));
INSTANTIATE_TEST_SUITE_P(Memory, MetadataStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryMetadata>();
                         }));
INSTANTIATE_TEST_SUITE_P(Memory, BlobStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryBlobs>();
                         }));
INSTANTIATE_TEST_SUITE_P(Memory, PlacingBlobStoreSuite, testing::Values([] {
                             return std::make_unique<MemoryBlobs>();
                         }));

TEST(MemoryBlobStore, AFullStoreRefusesToReserve) {
    MemoryBlobStore store({100});
    const auto refused = store.place({{1}, {101}, {0}, {1}, {}});
    EXPECT_EQ(code_of(refused), ErrorCode::storage_full);
    EXPECT_EQ(store.blob_count(), 0u);
    EXPECT_TRUE(store.place({{1}, {100}, {0}, {1}, {}}));
}

}  // namespace
}  // namespace sluice
