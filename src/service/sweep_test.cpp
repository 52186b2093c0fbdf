// The sweep, interrupted at every step and taken up again.
#include <gtest/gtest.h>

#include <set>
#include <string_view>

#include "base/metrics.hpp"
#include "service/uploads.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};

// Removes so many blobs, then none any more: as if the process had died there.
class DyingBlobs final : public BlobStore {
  public:
    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override { return inner.stage(id); }
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override {
        return inner.place(placement);
    }
    Result<void> make_durable(const std::vector<Extent>& layout) override {
        return inner.make_durable(layout);
    }
    Result<void> read(const Extent& extent, ByteOffset at, std::span<std::byte> bytes) override {
        return inner.read(extent, at, bytes);
    }
    Result<std::string> as_local_file(const std::vector<Extent>& l, const std::string& s) override {
        return inner.as_local_file(l, s);
    }
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override {
        return inner.adopt_file(id, path);
    }
    Result<void> remove(const Extent& extent) override {
        if (removes_left == 0 || stuck.contains(extent.blob.value)) {
            return Error{.code = ErrorCode::storage_failed};
        }
        --removes_left;
        return inner.remove(extent);
    }
    Result<ByteCount> free_space() override { return inner.free_space(); }

    MemoryBlobStore inner;
    int removes_left = 1'000'000;
    std::set<std::uint64_t> stuck;
};

class SweepTest : public testing::Test {
  protected:
    MediaId with_segments(std::vector<std::uint16_t> indexes) {
        const auto id = uploads_.create({me, "tweet_video", "video/mp4", "", {8}})->id;
        for (const std::uint16_t index : indexes) {
            // Of unknown length, so that some lie in blobs of their own.
            const AppendTarget target{me, id, {index}, std::nullopt};
            auto incoming = uploads_.begin_append(target);
            const std::string_view text = index == 0 ? "ABCD" : "EFGH";
            EXPECT_TRUE(incoming->write(std::as_bytes(std::span(text))));
            EXPECT_TRUE(uploads_.finish_append(target, std::move(*incoming)));
        }
        return id;
    }

    void sweep_all() {
        for (int step = 0; step < 20; ++step) {
            static_cast<void>(uploads_.sweep());
        }
    }

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    DyingBlobs blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}}, UploadLimits{}
    };
};

TEST_F(SweepTest, GoesOnWhereItWasInterruptedAndNeverTouchesTheLive) {
    for (int removes = 0; removes < 8; ++removes) {
        for (int i = 0; i < 4; ++i) {
            with_segments({0, 1});
        }
        clock_.advance(std::chrono::hours(23));
        const auto live = with_segments({0, 1});
        const auto live_blobs = metadata_.find_any(live)->segments;
        clock_.advance(std::chrono::hours(2));
        blobs_.removes_left = removes;
        sweep_all();
        blobs_.removes_left = 1'000'000;
        sweep_all();
        EXPECT_EQ(blobs_.inner.blob_count(), 2u) << "those of the live one, after " << removes;
        EXPECT_EQ(metadata_.find_any(live)->segments, live_blobs);
        EXPECT_TRUE(uploads_.finish(me, live));
        EXPECT_TRUE(uploads_.cancel(me, live));
        sweep_all();
        EXPECT_EQ(blobs_.inner.blob_count(), 0u);
        EXPECT_TRUE(metadata_.due_for_cleaning(10)->empty());
    }
}

TEST_F(SweepTest, WhatCannotBeCleanedYetDoesNotKeepTheOthers) {
    std::vector<Incoming> running;
    for (int i = 0; i < 120; ++i) {
        const auto id = with_segments({0});
        if (i % 2 == 0) {
            running.push_back(*uploads_.begin_append({me, id, {1}, std::nullopt}));
        } else if (i % 3 == 0) {
            blobs_.stuck.insert(id.value);
        }
        EXPECT_TRUE(uploads_.cancel(me, id));
    }
    for (int i = 0; i < 60; ++i) {
        EXPECT_TRUE(uploads_.cancel(me, with_segments({0})));
    }
    sweep_all();
    EXPECT_EQ(metadata_.due_for_cleaning(1000)->size(), 60U + 20U);
    running.clear();
    sweep_all();
    EXPECT_EQ(metadata_.due_for_cleaning(1000)->size(), 20U);
    blobs_.stuck.clear();
    sweep_all();
    EXPECT_TRUE(metadata_.due_for_cleaning(1000)->empty());
}

TEST_F(SweepTest, AStepIsSmall) {
    for (int i = 0; i < 60; ++i) {
        with_segments({0});
    }
    clock_.advance(std::chrono::hours(25));
    EXPECT_LE(uploads_.sweep().value(), 100u) << "fifty expired and fifty cleaned";
    EXPECT_GT(blobs_.inner.blob_count(), 0u);
    sweep_all();
    EXPECT_EQ(blobs_.inner.blob_count(), 0u);
}

// Whoever writes while the owner cancels is refused, and leaves nothing behind.
TEST_F(SweepTest, BytesUnderWayToACancelledUploadAreNotSweptFromUnderTheirWriter) {
    const auto id = uploads_.create({me, "tweet_video", "video/mp4", "", {8}})->id;
    const AppendTarget target{me, id, {0}, ByteCount{4}};
    {
        auto incoming = uploads_.begin_append(target);
        ASSERT_TRUE(incoming->write(std::as_bytes(std::span(std::string_view("AB")))));
        ASSERT_TRUE(uploads_.cancel(me, id));
        EXPECT_EQ(uploads_.sweep().value(), 0u) << "it waits for the writer";
        ASSERT_TRUE(incoming->write(std::as_bytes(std::span(std::string_view("CD")))));
        EXPECT_EQ(
            uploads_.finish_append(target, std::move(*incoming)).error().code,
            ErrorCode::media_canceled
        );
    }
    EXPECT_EQ(uploads_.sweep().value(), 1u);
    EXPECT_EQ(blobs_.inner.blob_count(), 0u);
}

}  // namespace
}  // namespace sluice
