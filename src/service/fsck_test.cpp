// What a check says of bytes that it cannot have.
#include "service/fsck.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <utility>

#include "base/digest.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {

namespace {

class DeafBlobStore final : public MemoryBlobStore {
  public:
    Result<void> read(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes)
        override {
        ++asked;
        return deaf_to.contains(extent.blob.value) || is_away
                   ? Result<void>(Error{.code = ErrorCode::storage_unavailable, .facts = "No word."}
                     )
                   : MemoryBlobStore::read(extent, offset, bytes);
    }

    std::set<std::uint64_t> deaf_to;
    bool is_away = false;
    int asked = 0;
};

class FsckTest : public testing::Test {
  protected:
    FsckTest() {
        for (std::uint64_t id = 1; id <= 6; ++id) {
            EXPECT_TRUE(rows_.create(Upload::open(
                {.id = {id},
                 .owner = {"me"},
                 .category = Category::tweet_video,
                 .media_type = "video/mp4",
                 .file_name = {},
                 .total = {100},
                 .now = now_,
                 .lifetime = std::chrono::hours(1)}
            )));
            auto writer = blobs_.stage({id}).value();
            const std::array<std::byte, 4> bytes{std::byte(id)};
            EXPECT_TRUE(writer->write(bytes));
            const Extent extent = writer->commit().value();
            const Segment segment{
                .index = {0}, .extent = extent, .crc32c = crc32c(bytes, 0), .received_at = now_
            };
            EXPECT_TRUE(rows_.add_segment({id}, segment, std::nullopt, now_));
        }
    }

    Result<FsckCounts> run() {
        Fsck fsck(rows_, blobs_, now_, {.is_wanted = true}, [this](const FsckProblem& problem) {
            told_.insert({problem.kind, problem.upload.value});
            EXPECT_FALSE(problem.is_repaired) << problem.facts;
        });
        const auto nothing = [](const auto&) { return ok(); };
        return fsck.run(nothing, nothing);
    }

    const WallTime now_ = ManualClock().now();
    MemoryMetadataStore rows_;
    DeafBlobStore blobs_;
    std::set<std::pair<std::string, std::uint64_t>> told_;
};

TEST_F(FsckTest, WhatDoesNotAnswerIsTold) {
    blobs_.deaf_to = {1, 2, 4, 6};
    const auto counts = run();
    ASSERT_TRUE(counts);
    EXPECT_EQ(counts->segments, 6u);
    EXPECT_EQ(counts->problems, 4u);
    for (const std::uint64_t id : blobs_.deaf_to) {
        EXPECT_TRUE(told_.contains({"segment_unreadable", id})) << id;
        EXPECT_EQ(rows_.find_any({id})->segments.size(), 1u) << "it may be whole";
    }
}

TEST_F(FsckTest, AStorageThatIsAwayEndsIt) {
    blobs_.is_away = true;
    const auto counts = run();
    ASSERT_FALSE(counts);
    EXPECT_EQ(counts.error().code, ErrorCode::storage_unavailable);
    EXPECT_EQ(blobs_.asked, 3);
}

}  // namespace
}  // namespace sluice
