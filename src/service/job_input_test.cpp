// What a worker gets is what was uploaded, though a bit changes on the way from a store elsewhere.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/digest.hpp"
#include "service/jobs.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

class FarBlobs final : public MemoryBlobStore {
  public:
    ByteCount read_ahead() const override { return {1}; }
    Result<std::string> as_local_file(const std::vector<Extent>& layout, const std::string& scratch)
        override {
        auto path = MemoryBlobStore::as_local_file(layout, scratch);
        if (flips > 0 && flips-- > 0) {
            std::fstream(scratch, std::ios::in | std::ios::out).put('X');
        }
        return path;
    }

    int flips = 0;
};

class JobInputTest : public testing::Test {
  protected:
    JobInputTest() {
        auto upload = Upload::open({
            .id = id_,
            .owner = owner_,
            .category = Category::tweet_video,
            .total = {6},
            .now = clock_.now(),
            .lifetime = 1h,
        });
        EXPECT_TRUE(metadata_.create(upload));
        SegmentMap segments;
        for (const std::string_view text : {"abcd", "ef"}) {
            const auto bytes = std::as_bytes(std::span(text));
            const auto number = static_cast<std::uint16_t>(segments.size());
            auto writer = blobs_.stage({100U + number});
            EXPECT_TRUE((*writer)->write(bytes));
            const Segment segment{
                .index = {number}, .extent = *(*writer)->commit(), .crc32c = crc32c(bytes)
            };
            EXPECT_TRUE(metadata_.add_segment(id_, segment, {}, clock_.now()));
            segments.emplace(segment.index, segment);
        }
        upload = *metadata_.find(owner_, id_)->sealed(segments, clock_.now());
        upload = *upload.queued(clock_.now());
        EXPECT_TRUE(metadata_.change(
            upload, UploadState::open, NewJob{.id = {9}, .media = id_, .run_at = clock_.now()}
        ));
        job_ = **jobs_.claim("here", Lane::film);
    }

    std::string path() const { return folder_.path("input"); }

    const Principal owner_{"anonymous"};
    const MediaId id_{7};
    const TemporaryFolder folder_;
    ManualClock clock_;
    IdSource ids_{clock_, 1};
    MemoryMetadataStore metadata_;
    FarBlobs blobs_;
    Jobs jobs_{metadata_, blobs_, clock_, ids_};
    LeasedJob job_;
};

TEST_F(JobInputTest, IsFetchedAgainIfABitHasChanged) {
    blobs_.flips = 2;
    ASSERT_EQ(jobs_.input_of(job_, path()).value(), path());
    std::ifstream file(path());
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "abcdef");
}

TEST_F(JobInputTest, IsNotGivenOutIfItStaysWrong) {
    blobs_.flips = 3;
    const auto input = jobs_.input_of(job_, path());
    ASSERT_FALSE(input);
    EXPECT_EQ(input.error().code, ErrorCode::storage_failed);
    EXPECT_FALSE(std::filesystem::exists(path()));
}

}  // namespace
}  // namespace sluice
