#include "service/media_use.hpp"

#include <gtest/gtest.h>

#include "base/metrics.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"user:1"};
const Principal friend_{"user:2"};
const Principal other{"user:3"};

// Uploads in any state, without bytes: put into the store as they are to be.
class MediaUseTest : public testing::Test {
  protected:
    MediaId medium(
        std::string_view category, UploadState state = UploadState::ready, CreateUpload more = {}
    ) {
        more.owner = me;
        more.category = std::string(category);
        more.total = {10};
        Upload upload = uploads_.create(more).value();
        upload.state = state;
        if (state == UploadState::failed) {
            upload.failure = ProcessingFailure{1, "InvalidMedia", "Codec", "HEVC is not taken"};
        }
        if (state == UploadState::processing) {
            upload.progress.percent = 43;
        }
        EXPECT_TRUE(metadata_.change(upload, UploadState::open, std::nullopt));
        return upload.id;
    }

    ErrorCode use(std::vector<MediaId> ids, UsedIn used_in = UsedIn::post, Principal who = me) {
        auto outcome = media_use_.use({std::move(who), std::move(ids), used_in, 77});
        facts_ = outcome ? "" : outcome.error().facts;
        return outcome ? used : outcome.error().code;
    }
    static constexpr ErrorCode used = ErrorCode::internal;  // for `use`: nothing was refused

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}}, UploadLimits{}
    };
    Annotations annotations_{uploads_, attachments_};
    MediaUse media_use_{uploads_, annotations_, attachments_};
    std::string facts_;
};

TEST_F(MediaUseTest, WhatIsUsedIsClaimedAndDoesNotExpire) {
    const auto id = medium("tweet_image");
    ASSERT_EQ(use({id}), used) << facts_;
    clock_.advance(std::chrono::hours(48));
    ASSERT_TRUE(uploads_.sweep());
    const auto found = annotations_.look_up(me, id);
    ASSERT_TRUE(found);
    ASSERT_EQ(found->attachments.claims.size(), 1u);
    EXPECT_EQ(found->attachments.claims[0].used_by, "post:77");
}

TEST_F(MediaUseTest, WhatIsRefusedIsNotClaimed) {
    const auto image = medium("tweet_image");
    EXPECT_EQ(use({image, medium("tweet_video")}), ErrorCode::media_combination);
    EXPECT_NE(facts_.find("1 images, 0 GIFs and 1 videos"), std::string::npos) << facts_;
    EXPECT_TRUE(annotations_.look_up(me, image)->attachments.claims.empty());
    EXPECT_NE(annotations_.look_up(me, image)->details.status.upload.expires_at, never);
}

TEST_F(MediaUseTest, EachStateIsNamedAsItIs) {
    EXPECT_EQ(use({medium("tweet_video", UploadState::processing)}), ErrorCode::media_not_ready);
    EXPECT_NE(facts_.find("processing, at 43 percent"), std::string::npos) << facts_;
    EXPECT_EQ(use({medium("tweet_video", UploadState::failed)}), ErrorCode::media_failed);
    EXPECT_NE(facts_.find("HEVC is not taken"), std::string::npos) << facts_;
    EXPECT_EQ(use({medium("tweet_video", UploadState::open)}), ErrorCode::finalize_missing);
    EXPECT_EQ(use({medium("tweet_video", UploadState::cancelled)}), ErrorCode::media_canceled);
    EXPECT_EQ(use({{4711}}), ErrorCode::media_unknown);
    const auto id = medium("tweet_image");
    clock_.advance(std::chrono::hours(25));
    EXPECT_EQ(use({id}), ErrorCode::media_expired);
}

TEST_F(MediaUseTest, APostTakesFourImagesAndNoFifth) {
    std::vector<MediaId> ids;
    for (int i = 0; i < 4; ++i) {
        ids.push_back(medium("tweet_image"));
    }
    ids.push_back(ids.front());  // the same again is no other
    EXPECT_EQ(use(ids), used) << facts_;
    ids.push_back(medium("tweet_image"));
    EXPECT_EQ(use(ids), ErrorCode::media_combination);
}

TEST_F(MediaUseTest, CategoriesStayWhereTheyBelong) {
    EXPECT_EQ(use({medium("dm_image")}), ErrorCode::media_combination);
    EXPECT_EQ(use({medium("tweet_image")}, UsedIn::message), ErrorCode::media_combination);
    EXPECT_EQ(use({medium("subtitles")}), ErrorCode::media_combination);
    EXPECT_EQ(use({medium("")}), used) << facts_;
    EXPECT_EQ(use({medium("")}, UsedIn::message), used) << facts_;
}

TEST_F(MediaUseTest, AMessageUsesUpWhatIsNotShared) {
    const auto once = medium("dm_image");
    EXPECT_EQ(use({once}, UsedIn::message), used) << facts_;
    EXPECT_EQ(use({once}, UsedIn::message), ErrorCode::media_combination);
    EXPECT_NE(facts_.find("shared=true"), std::string::npos) << facts_;
    const auto often = medium("dm_image", UploadState::ready, {.is_shared = true});
    EXPECT_EQ(use({often}, UsedIn::message), used) << facts_;
    EXPECT_EQ(use({often}, UsedIn::message), used) << facts_;
}

TEST_F(MediaUseTest, AnAdditionalOwnerMayLookAndUseButNotChange) {
    const auto id = medium("tweet_image", UploadState::ready, {.additional_owners = {2}});
    EXPECT_TRUE(uploads_.status(friend_, id));
    EXPECT_TRUE(annotations_.look_up(friend_, id));
    EXPECT_EQ(use({id}, UsedIn::post, friend_), used) << facts_;
    EXPECT_EQ(annotations_.annotate({friend_, id, {}, {}}).error().code, ErrorCode::media_unknown);
    EXPECT_EQ(uploads_.finish(friend_, id).error().code, ErrorCode::media_unknown);
    EXPECT_EQ(uploads_.cancel(friend_, id).error().code, ErrorCode::media_unknown);
    EXPECT_EQ(use({id}, UsedIn::post, other), ErrorCode::media_unknown);
    EXPECT_EQ(uploads_.status(other, id).error().code, ErrorCode::media_unknown);
}

TEST_F(MediaUseTest, SubtitlesGoWithTheirVideo) {
    const auto video = medium("tweet_video");
    const auto first = medium("subtitles");
    const auto second = medium("subtitles");
    ASSERT_TRUE(annotations_.attach({me, video, {}, {{first, "EN", "English"}}}));
    ASSERT_TRUE(annotations_.attach({me, video, {}, {{second, "EN", "English"}}}));
    EXPECT_EQ(metadata_.find(me, first)->state, UploadState::cancelled) << "replaced";
    clock_.advance(std::chrono::hours(25));
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(metadata_.find(me, video)->state, UploadState::expired);
    EXPECT_EQ(metadata_.find(me, second)->state, UploadState::cancelled);
    EXPECT_EQ(*attachments_.of(video), Attachments());
}

TEST_F(MediaUseTest, SubtitlesAreRefusedWithTheirCause) {
    const auto video = medium("tweet_video");
    const auto text = medium("subtitles");
    const auto attach = [this](MediaId to, MediaId subtitles) {
        auto attached = annotations_.attach({me, to, {}, {{subtitles, "EN", "English"}}});
        facts_ = attached ? "" : attached.error().facts;
        return attached ? used : attached.error().code;
    };
    EXPECT_EQ(attach(text, video), ErrorCode::subtitle_ids_swapped);
    EXPECT_EQ(facts_, video.text() + " is the video, " + text.text() + " the subtitles.");
    EXPECT_EQ(attach(medium("tweet_image"), text), ErrorCode::subtitle_invalid);
    EXPECT_EQ(attach(video, medium("tweet_image")), ErrorCode::subtitle_invalid);
    EXPECT_EQ(attach(video, medium("subtitles", UploadState::open)), ErrorCode::subtitle_invalid);
    EXPECT_EQ(attach(video, medium("subtitles", UploadState::failed)), ErrorCode::subtitle_invalid);
    EXPECT_EQ(attach(video, medium("subtitles", UploadState::queued)), ErrorCode::media_not_ready);
    EXPECT_EQ(attach(video, {4711}), ErrorCode::media_unknown);
    EXPECT_EQ(attach(video, text), used) << facts_;
    const auto missing = annotations_.detach({me, video, {"FR"}});
    EXPECT_EQ(missing.error().code, ErrorCode::subtitle_unknown);
    EXPECT_EQ(missing.error().facts, "language_code is \"FR\"; there are EN.");
    ASSERT_TRUE(annotations_.detach({me, video, {"EN"}}));
    EXPECT_EQ(metadata_.find(me, text)->state, UploadState::cancelled);
}

}  // namespace
}  // namespace sluice
