// What is told from memory of an open upload is what the stores would say.
#include <gtest/gtest.h>

#include <functional>
#include <string_view>

#include "base/metrics.hpp"
#include "service/doubts.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"
#include "store/hot/watched_metadata_store.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_doubt_store.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/memory/memory_timeline_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};
const Principal other{"other"};

// What happens between the look at an upload and the write.
class Meanwhile final : public Admission {
  public:
    explicit Meanwhile(std::function<void()> happens) : happens_(std::move(happens)) {}
    Result<void> admit() const override {
        happens_();
        return ok();
    }

  private:
    const std::function<void()> happens_;
};

class StatusAtOnceTest : public testing::Test {
  protected:
    StatusAtOnceTest() { id_ = uploads_.create({me, "tweet_video", "video/mp4", "", {8}})->id; }

    void append(std::uint16_t index, std::string_view text) {
        const AppendTarget target{me, id_, {index}, ByteCount{text.size()}};
        auto incoming = uploads_.begin_append(target);
        ASSERT_TRUE(incoming && incoming->write(std::as_bytes(std::span(text))));
        ASSERT_TRUE(uploads_.finish_append(target, std::move(*incoming)));
    }

    void note(const Principal& caller, const char* call, const char* code) {
        TimelineEvent event;
        event.at = event.last_at = clock_.now();
        event.call = call;
        event.status = 409;
        event.code = code;
        timeline_.note(caller, id_, std::move(event));
    }

    // Nothing: memory does not know. A question that is answered is noted, as the router does.
    std::optional<std::string> told() {
        const auto answer = uploads_.status_at_once(me, id_, uploads_.now());
        if (!answer) {
            return std::nullopt;
        }
        return answer->has_value() ? "no error" : answer->error().facts;
    }
    std::string stored() { return uploads_.status(me, id_).error().facts; }

    ManualClock clock_;
    MemoryMetadataStore rows_;
    HotUploads hot_;
    WatchedMetadataStore metadata_{rows_, hot_};
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    MemoryTimelineStore events_{rows_};
    Timeline timeline_{events_, nullptr, &hot_};
    MemoryDoubtStore doubt_rows_{rows_};
    Doubts doubts_{doubt_rows_, metadata_, blobs_, clock_};
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads uploads_{
        {metadata_,
         blobs_,
         attachments_,
         clock_,
         ids_,
         speed_,
         metrics_,
         [] {},
         &timeline_,
         &doubts_,
         &hot_,
         [](MediaId) {},
         [] { return LaneSlots{}; }},
        UploadLimits{}
    };
    MediaId id_;
};

TEST_F(StatusAtOnceTest, AfterFinalizeMemoryTellsWhatTheRowSays) {
    append(
        0,
        std::string_view(
            "\0\0\0\x08"
            "ftyp",
            8
        )
    );
    ASSERT_TRUE(uploads_.finish(me, id_, {}));
    const auto told = uploads_.status_at_once(me, id_, uploads_.now());
    ASSERT_TRUE(told && *told);
    EXPECT_EQ((*told)->upload, rows_.find(me, id_).value());
    EXPECT_TRUE((*told)->check_after);
    EXPECT_EQ((*told)->check_after, uploads_.status(me, id_)->check_after);
    EXPECT_FALSE(uploads_.status_at_once(other, id_, uploads_.now()));
}

TEST_F(StatusAtOnceTest, WhatChangedWhileFinalizeRanIsNotToldAsItWasBefore) {
    append(
        0,
        std::string_view(
            "\0\0\0\x08"
            "ftyp",
            8
        )
    );
    const Meanwhile kept([this] { EXPECT_TRUE(uploads_.keep(me, id_)); });
    ASSERT_TRUE(uploads_.finish(me, id_, {.admission = &kept}));
    const auto told = uploads_.status_at_once(me, id_, uploads_.now());
    EXPECT_TRUE(!told || (*told)->upload.expires_at == never);
    EXPECT_EQ(uploads_.status(me, id_)->upload, rows_.find(me, id_).value());
    EXPECT_EQ(rows_.find(me, id_)->expires_at, never);
}

TEST_F(StatusAtOnceTest, WhatAWorkerTookIsNotToldAsWaiting) {
    append(
        0,
        std::string_view(
            "\0\0\0\x08"
            "ftyp",
            8
        )
    );
    ASSERT_TRUE(uploads_.finish(me, id_, {}));
    const auto claimed =
        metadata_.claim_job(Lane::film, "w", clock_.now(), std::chrono::seconds(9));
    ASSERT_TRUE(claimed && *claimed);
    EXPECT_FALSE(uploads_.status_at_once(me, id_, uploads_.now()));
    EXPECT_EQ(uploads_.status(me, id_)->upload.state, UploadState::processing);
}

TEST_F(StatusAtOnceTest, CountsTheQuestionsThatCameMeanwhile) {
    EXPECT_FALSE(told());
    const std::string first = stored();
    EXPECT_EQ(told(), first);
    for (int i = 0; i < 3; ++i) {
        note(me, "STATUS", "finalize_missing");
        note(other, "STATUS", "media_unknown");
    }
    EXPECT_EQ(told(), first + " STATUS was asked 3 times before.");
    EXPECT_EQ(told(), stored());
    EXPECT_FALSE(uploads_.status_at_once(other, id_, uploads_.now()));
}

TEST_F(StatusAtOnceTest, KnowsOfEverySegmentAndEveryRefusal) {
    stored();
    append(0, "ABCD");
    EXPECT_FALSE(told());
    const std::string half = stored();
    EXPECT_TRUE(half.contains("1 segment with 4 of 8 bytes arrived")) << half;
    EXPECT_EQ(told(), half);
    note(me, "FINALIZE", "segment_missing");
    EXPECT_FALSE(told());
    EXPECT_TRUE(stored().contains("FINALIZE was refused."));
    EXPECT_EQ(told(), stored());
    ASSERT_TRUE(uploads_.cancel(me, id_));
    EXPECT_FALSE(told());
}

TEST_F(StatusAtOnceTest, NothingIsToldOfWhatIsOverOrInDoubt) {
    stored();
    ASSERT_TRUE(told());
    doubts_.note_lost_sync(
        id_, {.code = ErrorCode::storage_failed, .facts = "EIO.", .is_lost_sync = true}
    );
    EXPECT_FALSE(told());
    EXPECT_TRUE(stored().contains("It would be refused: "));
    ASSERT_TRUE(doubts_.forget(id_));
    ASSERT_TRUE(told());
    clock_.advance(std::chrono::hours(1'000));
    EXPECT_FALSE(told());
}

}  // namespace
}  // namespace sluice
