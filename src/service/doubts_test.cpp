#include "service/doubts.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <string_view>

#include "base/metrics.hpp"
#include "service/uploads.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_doubt_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};

// Blobs whose syncs can be made to fail, as a disk's do.
class FailingBlobs final : public BlobStore {
  public:
    class Writer final : public BlobWriter {
      public:
        Writer(FailingBlobs& store, std::unique_ptr<BlobWriter> inner)
            : store_(store), inner_(std::move(inner)) {}
        Result<void> write(std::span<const std::byte> bytes) override {
            return inner_->write(bytes);
        }
        ByteCount written() const override { return inner_->written(); }
        Result<Extent> commit() override {
            return store_.sync_error_number == 0
                       ? inner_->commit()
                       : sync_error(store_.sync_error_number, "fdatasync");
        }

      private:
        FailingBlobs& store_;
        std::unique_ptr<BlobWriter> inner_;
    };

    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override { return wrap(inner.stage(id)); }
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override {
        return wrap(inner.place(placement));
    }
    Result<void> make_durable(const std::vector<Extent>&) override {
        const int number = std::max(sync_error_number, durable_error_number);
        return number == 0 ? ok() : sync_error(number, "fdatasync");
    }
    Result<void> read(const Extent& extent, ByteOffset at, std::span<std::byte> bytes) override {
        if (extent.blob == unreadable) {
            return Error{.code = ErrorCode::storage_failed, .detail = "pread: EIO"};
        }
        auto done = inner.read(extent, at, bytes);
        if (done && extent.offset.value <= flipped &&
            flipped < extent.offset.value + bytes.size()) {
            bytes[flipped - extent.offset.value] ^= std::byte{1};
        }
        return done;
    }
    Result<std::string> as_local_file(const std::vector<Extent>& l, const std::string& s) override {
        return inner.as_local_file(l, s);
    }
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override {
        return inner.adopt_file(id, path);
    }
    Result<void> remove(const Extent& extent) override { return inner.remove(extent); }
    Result<ByteCount> free_space() override { return inner.free_space(); }

    MemoryBlobStore inner;
    int sync_error_number = 0;
    int durable_error_number = 0;  // of what a commit left to make_durable
    BlobId unreadable{0};
    std::uint64_t flipped = ~std::uint64_t{0};  // the byte at this offset of any blob reads wrong

  private:
    Result<std::unique_ptr<BlobWriter>> wrap(Result<std::unique_ptr<BlobWriter>> writer) {
        if (!writer) {
            return writer;
        }
        return std::unique_ptr<BlobWriter>(std::make_unique<Writer>(*this, *std::move(writer)));
    }
};

class DoubtsTest : public testing::Test {
  protected:
    MediaId create(std::uint64_t total) {
        return uploads_.create({me, "tweet_video", "video/mp4", "", {total}})->id;
    }
    Result<Upload> append(MediaId id, std::uint16_t index, std::string_view text) {
        const AppendTarget target{me, id, {index}, ByteCount{text.size()}};
        auto incoming = uploads_.begin_append(target);
        if (!incoming) {
            return std::move(incoming).error();
        }
        if (auto written = incoming->write(std::as_bytes(std::span(text))); !written) {
            return std::move(written).error();
        }
        return uploads_.finish_append(target, std::move(*incoming));
    }

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    FailingBlobs blobs_;
    MemoryAttachmentStore attachments_;
    MemoryDoubtStore store_{metadata_};
    Doubts doubts_{store_, metadata_, blobs_, clock_};
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}, nullptr, &doubts_},
        UploadLimits{}
    };
};

TEST_F(DoubtsTest, AFailedSyncIsFinalForTheUploadAndForNoOther) {
    const auto hit = create(8);
    const auto spared = create(4);
    ASSERT_TRUE(append(hit, 0, "ABCD"));
    blobs_.sync_error_number = EIO;
    const auto failed = append(hit, 1, "EFGH");
    EXPECT_EQ(failed.error().code, ErrorCode::storage_failed);
    EXPECT_NE(failed.error().facts.find("Input/output error"), std::string::npos);
    blobs_.sync_error_number = 0;  // the disk says ok again, as Linux does
    EXPECT_EQ(append(hit, 1, "EFGH").error().code, ErrorCode::storage_failed);
    EXPECT_EQ(append(hit, 0, "ABCD").error().code, ErrorCode::storage_failed);
    const auto finished = uploads_.finish(me, hit);
    EXPECT_EQ(finished.error().code, ErrorCode::storage_failed);
    EXPECT_NE(finished.error().facts.find("INIT"), std::string::npos);
    const auto status = uploads_.status(me, hit);
    EXPECT_EQ(status.error().code, ErrorCode::finalize_missing);
    EXPECT_NE(status.error().facts.find("Input/output error"), std::string::npos);
    ASSERT_TRUE(append(spared, 0, "ABCD"));
    EXPECT_TRUE(uploads_.finish(me, spared));
}

TEST_F(DoubtsTest, AFailedSyncIsRememberedOverARestart) {
    const auto id = create(8);
    blobs_.sync_error_number = EIO;
    ASSERT_FALSE(append(id, 0, "ABCD"));
    Doubts later(store_, metadata_, blobs_, clock_);
    EXPECT_FALSE(later.refusal_of(id));
    ASSERT_TRUE(later.load(std::nullopt));
    EXPECT_TRUE(later.refusal_of(id));
}

TEST_F(DoubtsTest, ASyncThatWantsRoomIsToldAsAFullDiskAndTheUploadGoesOn) {
    const auto id = create(8);
    ASSERT_TRUE(append(id, 0, "ABCD"));
    blobs_.sync_error_number = ENOSPC;
    EXPECT_EQ(append(id, 1, "EFGH").error().code, ErrorCode::storage_full);
    EXPECT_TRUE(doubts_.has_unchecked());
    blobs_.sync_error_number = 0;
    ASSERT_TRUE(append(id, 1, "EFGH"));
    EXPECT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(doubts_.found().segments, 1u);
}

TEST_F(DoubtsTest, AFinalizeWhoseSyncFailedIsRefusedForGood) {
    const auto id = create(4);
    ASSERT_TRUE(append(id, 0, "ABCD"));
    blobs_.sync_error_number = EIO;
    EXPECT_EQ(uploads_.finish(me, id).error().code, ErrorCode::storage_failed);
    blobs_.sync_error_number = 0;
    EXPECT_EQ(uploads_.finish(me, id).error().code, ErrorCode::storage_failed);
}

TEST_F(DoubtsTest, AWholeFileIsDurableBeforeItIsAnswered) {
    const CreateUpload wanted{me, "tweet_image", "image/png", "a.png", {}};
    const std::string_view text = "\x89PNG\r\n\x1a\n and more";
    auto incoming = uploads_.begin_whole(wanted);
    ASSERT_TRUE(incoming->write(std::as_bytes(std::span(text))));
    blobs_.durable_error_number = EIO;
    const auto refused = uploads_.finish_whole(wanted, std::move(*incoming));
    EXPECT_EQ(refused.error().code, ErrorCode::storage_failed);
    EXPECT_EQ(blobs_.inner.blob_count(), 0u);
    EXPECT_EQ(metadata_.usage_of(me)->bytes.value, 0u);
}

TEST_F(DoubtsTest, AfterAnUncleanStopDamagedSegmentsAreMissingAndCanComeAgain) {
    const auto id = create(8);
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(append(id, 1, "EFGH"));
    blobs_.flipped = 5;
    ASSERT_TRUE(doubts_.load(Doubts::Scope{}));
    ASSERT_TRUE(doubts_.has_unchecked());
    const auto details = uploads_.details(me, id);  // the first touch
    ASSERT_TRUE(details);
    EXPECT_EQ(details->status.upload.received.value, 4u);
    EXPECT_EQ(details->status.upload.segments_received, 1u);
    blobs_.flipped = ~std::uint64_t{0};
    EXPECT_EQ(uploads_.finish(me, id).error().code, ErrorCode::size_mismatch);
    ASSERT_TRUE(append(id, 1, "EFGH"));
    EXPECT_TRUE(uploads_.finish(me, id));
}

TEST_F(DoubtsTest, TheBackgroundChecksAllThenAskingIsFreeAgain) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(append(create(8), 0, "ABCD"));
    }
    ASSERT_TRUE(doubts_.load(Doubts::Scope{}));
    EXPECT_EQ(doubts_.check_next(3).value(), 3u);
    EXPECT_TRUE(doubts_.has_unchecked());
    EXPECT_EQ(doubts_.check_next(3).value(), 0u);
    EXPECT_FALSE(doubts_.has_unchecked());
    EXPECT_EQ(doubts_.found().uploads, 5u);
    EXPECT_EQ(doubts_.found().bytes, 20u);
    EXPECT_EQ(doubts_.found().dropped, 0u);
}

TEST_F(DoubtsTest, WhereAllWasSyncedASampleIsChecked) {
    for (int i = 0; i < 5; ++i) {
        ASSERT_TRUE(append(create(8), 0, "ABCD"));
    }
    ASSERT_TRUE(doubts_.load(Doubts::Scope{.uploads_max = 4, .bytes_max = 10}));
    EXPECT_EQ(doubts_.check_next(3).value(), 0u);
    EXPECT_FALSE(doubts_.has_unchecked());
    EXPECT_EQ(doubts_.found().uploads, 3u);
}

TEST_F(DoubtsTest, WhatCannotBeReadDoesNotHoldUpTheOthers) {
    std::vector<MediaId> ids;
    for (int i = 0; i < 5; ++i) {
        ids.push_back(create(8));
        ASSERT_TRUE(append(ids.back(), 0, "ABCD"));
    }
    blobs_.unreadable = {ids.back().value};  // the newest, which is looked at first
    ASSERT_TRUE(doubts_.load(Doubts::Scope{}));
    while (doubts_.check_next(2).value_or(0) > 0) {
    }
    EXPECT_EQ(doubts_.found().uploads, 4u);
    EXPECT_EQ(store_.unchecked(10).value(), std::vector{ids.back()});
    EXPECT_EQ(uploads_.finish(me, ids.back()).error().code, ErrorCode::storage_failed);
    blobs_.unreadable = {0};
    EXPECT_EQ(uploads_.finish(me, ids.back()).error().code, ErrorCode::size_mismatch);
    EXPECT_EQ(doubts_.check_next(2).value(), 0u);
    EXPECT_FALSE(doubts_.has_unchecked());
}

TEST_F(DoubtsTest, WhatIsCleanedIsForgotten) {
    const auto id = create(8);
    blobs_.sync_error_number = EIO;
    ASSERT_FALSE(append(id, 0, "ABCD"));
    ASSERT_TRUE(uploads_.cancel(me, id));
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_TRUE(store_.finals()->empty());
}

}  // namespace
}  // namespace sluice
