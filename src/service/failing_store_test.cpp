// What is left behind when the store of attachments fails in the middle of a use case.
#include <gtest/gtest.h>

#include <functional>
#include <string_view>
#include <utility>

#include "base/metrics.hpp"
#include "service/annotations.hpp"
#include "service/media_use.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"user:1"};

class FailingAttachmentStore final : public AttachmentStore {
  public:
    Result<Attachments> of(MediaId id) override { return sound_.of(id); }
    Result<bool> is_additional_owner(MediaId id, const Principal& who) override {
        return sound_.is_additional_owner(id, who);
    }
    Result<void> share(MediaId id, const std::vector<Principal>& owners, bool is_shared) override {
        return is_failing ? trouble() : sound_.share(id, owners, is_shared);
    }
    Result<void> annotate(MediaId id, const std::map<std::string, std::string>& members) override {
        return sound_.annotate(id, members);
    }
    Result<void> add_subtitles(MediaId video, const std::vector<SubtitleTrack>& tracks) override {
        auto added = is_failing ? trouble() : sound_.add_subtitles(video, tracks);
        if (after_adding) {
            std::exchange(after_adding, nullptr)();
        }
        return added;
    }
    Result<void> remove_subtitles(MediaId video, const std::vector<std::string>& languages)
        override {
        return sound_.remove_subtitles(video, languages);
    }
    Result<bool> are_attached(MediaId subtitles) override {
        if (before_asking) {
            std::exchange(before_asking, nullptr)();
        }
        return sound_.are_attached(subtitles);
    }
    Result<void> claim(const std::vector<MediaId>& media, const MediaClaim& claim) override {
        auto claimed = is_failing ? trouble() : sound_.claim(media, claim);
        if (after_claiming) {
            std::exchange(after_claiming, nullptr)();
        }
        return claimed;
    }
    Result<void> withdraw(const std::vector<MediaId>& media, const std::string& used_by) override {
        return sound_.withdraw(media, used_by);
    }
    Result<void> forget(MediaId id) override { return sound_.forget(id); }

    bool is_failing = false;
    std::function<void()> after_adding;
    std::function<void()> after_claiming;
    std::function<void()> before_asking;  // whether subtitles are attached

  private:
    static Result<void> trouble() { return Error{.code = ErrorCode::storage_failed}; }

    MemoryAttachmentStore sound_;
};

class FailingStoreTest : public testing::Test {
  protected:
    MediaId ready(std::string_view category) {
        Upload upload = uploads_.create({me, std::string(category), "", "", {10}}).value();
        upload.state = UploadState::ready;
        EXPECT_TRUE(metadata_.change(upload, UploadState::open, std::nullopt));
        return upload.id;
    }

    Upload found(MediaId id) { return metadata_.find(me, id).value(); }

    Result<Upload> one_shot(CreateUpload wanted) {
        auto incoming = uploads_.begin_whole(wanted);
        const std::string_view text = "\x89PNG\r\n\x1a\n and the rest of it";
        EXPECT_TRUE(incoming->write(std::as_bytes(std::span(text))));
        return uploads_.finish_whole(wanted, std::move(*incoming));
    }

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
    FailingAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    int jobs_added_ = 0;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [this] { ++jobs_added_; }
        },
        UploadLimits{}
    };
    Annotations annotations_{uploads_, attachments_};
    MediaUse media_use_{uploads_, annotations_, attachments_};
};

// One that does not answer while it stands still: each look lasts as long as it was given.
class StandingBlobStore final : public MemoryBlobStore {
  public:
    Result<void> read(const Extent& extent, ByteOffset at, std::span<std::byte> bytes) override {
        EXPECT_FALSE(stands_still) << "nobody knows when it ends";
        return MemoryBlobStore::read(extent, at, bytes);
    }
    Result<void> read_within(
        std::chrono::milliseconds patience,
        const Extent& extent,
        ByteOffset at,
        std::span<std::byte> bytes
    ) override {
        waited += stands_still ? patience : std::chrono::milliseconds(0);
        return stands_still ? Error{.code = ErrorCode::storage_unavailable}
                            : MemoryBlobStore::read(extent, at, bytes);
    }
    bool stands_still = false;
    std::chrono::milliseconds waited{0};
};

class StandingStoreTest : public testing::Test {
  protected:
    void append(MediaId id, std::uint16_t index, std::string_view text) {
        const AppendTarget target{me, id, {index}, ByteCount{text.size()}};
        auto incoming = uploads_.begin_append(target);
        ASSERT_TRUE(incoming && incoming->write(std::as_bytes(std::span(text))));
        ASSERT_TRUE(uploads_.finish_append(target, *std::move(incoming)));
    }

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    StandingBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}}, UploadLimits{}
    };
};

TEST_F(StandingStoreTest, AFinalizeThatComesTooEarlyGoesWithoutAHint) {
    const auto id = uploads_.create({me, "tweet_video", "video/mp4", "", {100}})->id;
    append(id, 0, "one\r\n");
    append(id, 1, "two\r\n");
    const Error hinted = uploads_.finish(me, id).error();
    EXPECT_NE(hinted.facts.find("CRLF"), std::string::npos) << hinted.facts;
    blobs_.stands_still = true;
    const Error bare = uploads_.finish(me, id).error();
    EXPECT_EQ(bare.code, hinted.code);
    EXPECT_EQ(bare.facts, hinted.facts.substr(0, bare.facts.size()));
    EXPECT_EQ(bare.facts.find("CRLF"), std::string::npos);
    EXPECT_GT(blobs_.waited.count(), 0);
    EXPECT_LE(blobs_.waited, std::chrono::seconds(1));
}

TEST_F(FailingStoreTest, WhatCannotBeSharedIsNotLeftStanding) {
    const CreateUpload wanted{
        .owner = me,
        .category = "tweet_image",
        .media_type = "image/png",
        .file_name = {},
        .total = {30},
        .additional_owners = {7},
    };
    attachments_.is_failing = true;
    EXPECT_EQ(uploads_.create(wanted).error().code, ErrorCode::storage_failed);
    EXPECT_EQ(metadata_.usage_of(me)->uploads_open, 0u);
    EXPECT_EQ(one_shot(wanted).error().code, ErrorCode::storage_failed);
    EXPECT_EQ(jobs_added_, 1) << "a job was written, so somebody must look at it";
    for (const Upload& left : metadata_.list(me, {}, 10)->uploads) {
        EXPECT_EQ(left.state, UploadState::cancelled);
    }
    attachments_.is_failing = false;
    EXPECT_TRUE(one_shot(wanted));
    EXPECT_EQ(jobs_added_, 2);
}

TEST_F(FailingStoreTest, SubtitlesThatCouldNotBeAttachedStillExpire) {
    const MediaId video = ready("tweet_video");
    const MediaId text = ready("subtitles");
    attachments_.is_failing = true;
    const AttachSubtitles wanted{me, video, {}, {{text, "EN", "English"}}};
    EXPECT_EQ(annotations_.attach(wanted).error().code, ErrorCode::storage_failed);
    EXPECT_NE(found(text).expires_at, never);
    attachments_.is_failing = false;
    ASSERT_TRUE(annotations_.attach(wanted));
    EXPECT_EQ(found(text).expires_at, never);
}

TEST_F(FailingStoreTest, SubtitlesThatCannotBeKeptAreNotAttached) {
    const MediaId video = ready("tweet_video");
    const MediaId first = ready("subtitles");
    const MediaId second = ready("subtitles");
    ASSERT_TRUE(annotations_.attach({me, video, {}, {{first, "EN", "English"}}}));
    attachments_.after_adding = [this, second] { ASSERT_TRUE(uploads_.cancel(me, second)); };
    const AttachSubtitles wanted{
        me, video, {}, {{second, "EN", "Other"}, {second, "DE", "Deutsch"}}
    };
    EXPECT_FALSE(annotations_.attach(wanted));
    const auto left = attachments_.of(video)->subtitles;
    ASSERT_EQ(left.size(), 1u);
    EXPECT_EQ(left.front().subtitles, first);
}

// The sweep asks for the attachments between its look at the upload and its change of it.
TEST_F(FailingStoreTest, WhatIsKeptWhileTheSweepRunsStaysAndTheSweepGoesOn) {
    const MediaId kept = ready("subtitles");
    const MediaId other = ready("subtitles");
    const Upload claimed = *found(kept).kept(clock_.now());
    clock_.advance(std::chrono::hours(25));
    attachments_.before_asking = [this, claimed] {
        ASSERT_TRUE(metadata_.change(claimed, UploadState::ready, std::nullopt));
    };
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(found(kept).state, UploadState::ready);
    EXPECT_EQ(found(kept).expires_at, never);
    EXPECT_EQ(found(other).state, UploadState::expired);
    const auto& ended =
        metrics_.counter("sluice_uploads_ended_total", "Uploads ended", {{"result", "expired"}});
    EXPECT_EQ(ended.value(), 1u);
}

TEST_F(FailingStoreTest, APostThatIsRefusedAtTheEndHasKeptAndClaimedNothing) {
    const MediaId first = ready("tweet_image");
    const MediaId second = ready("tweet_image");
    const UseMedia wanted{.caller = me, .media = {first, second}, .user = 77};
    const auto expect_untouched = [&] {
        EXPECT_NE(found(first).expires_at, never);
        EXPECT_TRUE(attachments_.of(first)->claims.empty());
    };
    attachments_.is_failing = true;
    EXPECT_EQ(media_use_.use(wanted).error().code, ErrorCode::storage_failed);
    expect_untouched();
    attachments_.is_failing = false;
    attachments_.after_claiming = [&] { ASSERT_TRUE(uploads_.cancel(me, second)); };
    EXPECT_EQ(media_use_.use(wanted).error().code, ErrorCode::media_canceled);
    expect_untouched();
}

TEST_F(FailingStoreTest, AttachedSubtitlesOutliveACrashBeforeTheyWereKept) {
    const MediaId video = ready("tweet_video");
    const MediaId text = ready("subtitles");
    const MediaId alone = ready("subtitles");
    ASSERT_TRUE(uploads_.keep(me, video));
    ASSERT_TRUE(attachments_.add_subtitles(video, {{text, "EN", "English"}}));
    clock_.advance(std::chrono::hours(25));
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(found(text).state, UploadState::ready);
    EXPECT_EQ(found(text).expires_at, never);
    EXPECT_EQ(found(alone).state, UploadState::expired);
}

}  // namespace
}  // namespace sluice
