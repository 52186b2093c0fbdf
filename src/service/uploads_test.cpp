#include "service/uploads.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/error_catalogue.hpp"
#include "base/metrics.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};
const Principal other{"other"};

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// A clock that lets something else happen between two looks at it.
class InterruptingClock final : public Clock {
  public:
    WallTime now() const override {
        if (auto call = std::exchange(between_, nullptr)) {
            call();
        }
        return manual_.now();
    }
    void advance(std::chrono::milliseconds by) { manual_.advance(by); }
    void interrupt(std::function<void()> call) { between_ = std::move(call); }

  private:
    ManualClock manual_;
    mutable std::function<void()> between_;
};

class UploadsTest : public testing::Test {
  protected:
    Result<Upload> create(
        std::uint64_t total, std::string category = "tweet_video", std::string type = "video/mp4"
    ) {
        return uploads_.create({me, std::move(category), std::move(type), "", {total}});
    }

    Result<Upload> append(
        MediaId id, std::uint16_t index, std::string_view text, bool is_length_known = true
    ) {
        const auto expected =
            is_length_known ? std::optional(ByteCount{text.size()}) : std::nullopt;
        const AppendTarget target{me, id, {index}, expected};
        auto incoming = uploads_.begin_append(target);
        if (!incoming) {
            return std::move(incoming).error();
        }
        if (auto written = incoming->write(bytes_of(text)); !written) {
            return std::move(written).error();
        }
        return uploads_.finish_append(target, std::move(*incoming));
    }

    std::string key(MediaId id) { return metadata_.find(me, id)->media_key(); }

    std::string content(MediaId id) {
        const auto file = uploads_.find_file(me, key(id), "original", true);
        EXPECT_TRUE(file);
        std::string text;
        for (const Extent& extent : file->layout) {
            std::string piece(extent.length.value, '?');
            EXPECT_TRUE(blobs_.read(extent, {0}, std::as_writable_bytes(std::span(piece))));
            text += piece;
        }
        return text;
    }

    InterruptingClock clock_;
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    int jobs_added_ = 0;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [this] { ++jobs_added_; }
        },
        UploadLimits{}
    };
};

TEST_F(UploadsTest, JoinsSegmentsInAnyOrderByIndexWithoutACopy) {
    const auto id = create(10)->id;
    ASSERT_TRUE(append(id, 2, "IJ"));
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(append(id, 1, "EFGH", false));
    const auto finished = uploads_.finish(me, id);
    ASSERT_TRUE(finished) << finished.error().facts;
    EXPECT_EQ(finished->upload.state, UploadState::queued);
    EXPECT_TRUE(finished->check_after.has_value());
    EXPECT_EQ(jobs_added_, 1);
    EXPECT_EQ(content(id), "ABCDEFGHIJ");
}

TEST_F(UploadsTest, LaysOutEqualSegmentsFlat) {
    const auto id = create(10)->id;
    for (const auto& [index, text] : {std::pair{1, "EFGH"}, {0, "ABCD"}, {2, "IJ"}}) {
        ASSERT_TRUE(append(id, static_cast<std::uint16_t>(index), text));
    }
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(uploads_.find_file(me, key(id), "original", true)->layout.size(), 1U);
}

TEST_F(UploadsTest, TakesTheSameSegmentAgainAndRefusesOtherBytes) {
    const auto id = create(8)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    const auto again = append(id, 0, "ABCD");
    ASSERT_TRUE(again) << again.error().facts;
    EXPECT_EQ(again->received, ByteCount{4});
    for (const auto* different : {"ABCE", "ABC", "ABCDE"}) {
        EXPECT_EQ(append(id, 0, different).error().code, ErrorCode::segment_conflict) << different;
    }
    ASSERT_TRUE(append(id, 1, "EFGH"));
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(content(id), "ABCDEFGH");
}

TEST_F(UploadsTest, TakesARepeatedSegmentAfterFinalizeAndRefusesANewOne) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_TRUE(append(id, 0, "ABCD"));
    EXPECT_EQ(append(id, 1, "E").error().code, ErrorCode::already_finalized);
}

TEST_F(UploadsTest, AdoptsBytesThatCameBeforeTheirName) {
    const auto id = create(4)->id;
    auto incoming = uploads_.begin_unnamed();
    ASSERT_TRUE(incoming->write(bytes_of("ABCD")));
    ASSERT_TRUE(uploads_.finish_append({me, id, {0}, std::nullopt}, std::move(*incoming)));
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(content(id), "ABCD");
}

TEST_F(UploadsTest, MovesASegmentThatIsLongerThanItsRequestSeemedToPromise) {
    const auto id = create(6)->id;
    const AppendTarget target{me, id, {0}, ByteCount{4}};
    auto incoming = uploads_.begin_append(target);
    ASSERT_TRUE(incoming->write(bytes_of("ABCD")));
    ASSERT_TRUE(incoming->write(bytes_of("EF")));
    ASSERT_TRUE(uploads_.finish_append(target, std::move(*incoming)));
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(content(id), "ABCDEF");
}

TEST_F(UploadsTest, TakesEmptySegments) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    const auto empty = append(id, 1, "");
    ASSERT_TRUE(empty) << empty.error().facts;
    EXPECT_TRUE(uploads_.finish(me, id));
}

TEST_F(UploadsTest, SaysThatAnAppendIsStillRunning) {
    const auto id = create(8)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    const AppendTarget target{me, id, {1}, ByteCount{4}};
    auto incoming = uploads_.begin_append(target);
    EXPECT_EQ(uploads_.finish(me, id).error().code, ErrorCode::append_in_flight);
    ASSERT_TRUE(incoming->write(bytes_of("EFGH")));
    ASSERT_TRUE(uploads_.finish_append(target, std::move(*incoming)));
    EXPECT_TRUE(uploads_.finish(me, id));
}

TEST_F(UploadsTest, AnswersFinalizeAgainWithTheStateOfNow) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(uploads_.finish(me, id));
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(jobs_added_, 1);
}

TEST_F(UploadsTest, AnswersAFinalizeThatWasOvertakenWithWhatStandsNow) {
    const auto cancelled = create(4)->id;
    ASSERT_TRUE(append(cancelled, 0, "ABCD"));
    clock_.interrupt([&] { ASSERT_TRUE(uploads_.cancel(me, cancelled)); });
    EXPECT_EQ(uploads_.finish(me, cancelled).error().code, ErrorCode::media_canceled);

    const auto finished = create(4)->id;
    ASSERT_TRUE(append(finished, 0, "ABCD"));
    clock_.interrupt([&] { ASSERT_TRUE(uploads_.finish(me, finished)); });
    EXPECT_EQ(uploads_.finish(me, finished)->upload.state, UploadState::queued);
    EXPECT_EQ(jobs_added_, 1);

    const auto grown = create(4)->id;
    ASSERT_TRUE(append(grown, 0, "ABCD"));
    clock_.interrupt([&] { ASSERT_TRUE(append(grown, 1, "")); });
    EXPECT_EQ(uploads_.finish(me, grown).error().code, ErrorCode::append_in_flight);
    EXPECT_TRUE(uploads_.finish(me, grown));
}

TEST_F(UploadsTest, TellsHowFarItIsWhenStatusComesBeforeFinalize) {
    const auto id = create(8)->id;
    ASSERT_TRUE(append(id, 1, "EFGH"));
    const auto refused = uploads_.status(me, id);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::finalize_missing);
    EXPECT_NE(refused.error().facts.find("1 segment with 4 of 8 bytes"), std::string::npos)
        << refused.error().facts;
    EXPECT_NE(refused.error().facts.find("Segment 0"), std::string::npos);
}

TEST_F(UploadsTest, DoesNotKnowTheUploadsOfOthers) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    const auto unknown = uploads_.status(other, {id.value + 1});
    const auto foreign = uploads_.status(other, id);
    EXPECT_EQ(foreign.error().code, ErrorCode::media_unknown);
    EXPECT_EQ(foreign.error().code, unknown.error().code);
    EXPECT_EQ(uploads_.finish(other, id).error().code, ErrorCode::media_unknown);
    EXPECT_EQ(uploads_.cancel(other, id).error().code, ErrorCode::media_unknown);
    EXPECT_EQ(
        uploads_.begin_append({other, id, {1}, ByteCount{1}}).error().code, ErrorCode::media_unknown
    );
    ASSERT_TRUE(uploads_.finish(me, id));
    EXPECT_EQ(
        uploads_.find_file(other, key(id), "original", true).error().code, ErrorCode::output_unknown
    );
}

TEST_F(UploadsTest, RefusesASegmentThatIsTooLargeBeforeItsBytesCome) {
    const auto id = create(1ULL << 30)->id;
    const AppendTarget target{me, id, {0}, ByteCount{(64ULL << 20) + (1 << 20)}};
    EXPECT_EQ(uploads_.begin_append(target).error().code, ErrorCode::segment_too_large);
}

struct CreateRow {
    const char* category;
    const char* type;
    std::uint64_t total;
    std::optional<ErrorCode> refused;
};

TEST_F(UploadsTest, JudgesCategoryTypeAndSizeAtInit) {
    for (const CreateRow& row : {
             CreateRow{"tweet_video", "video/mp4", 1000, std::nullopt},
             {"TweetVideo", "video/mp4", 1000, std::nullopt},
             {"", "video/mp4", 1000, std::nullopt},
             {"", "", 1000, std::nullopt},
             {"tweet_image", "image/gif", 1000, std::nullopt},
             {"dm_image", "image/HEIC", 1000, std::nullopt},
             {"", "image/avif", 1000, std::nullopt},
             {"tweet_video", "media", 1000, std::nullopt},
             {"subtitles", "text/plain; charset=UTF-8", 1000, std::nullopt},
             {"tweet-video", "video/mp4", 1000, ErrorCode::category_unknown},
             {"tweet_image", "video/mp4", 1000, ErrorCode::category_type_conflict},
             {"tweet_video", "audio/mpeg", 1000, ErrorCode::media_type_unsupported},
             {"tweet_image", "image/png", 6 << 20, ErrorCode::file_too_large},
             {"tweet_video", "video/mp4", 0, ErrorCode::total_bytes_invalid},
             {"tweet_video", "video/mp4", 1ULL << 40, ErrorCode::file_too_large},
         }) {
        const auto created = create(row.total, row.category, row.type);
        const auto got = created ? std::nullopt : std::optional(created.error().code);
        EXPECT_EQ(got, row.refused) << row.category << " " << row.type << " " << row.total;
    }
}

TEST_F(UploadsTest, NamesTheTypesThatItTakesAsTheDocumentationDoes) {
    const auto refused = create(1000, "", "audio/mpeg");
    EXPECT_EQ(refused.error().facts, entry_of(ErrorCode::media_type_unsupported).facts);
}

TEST_F(UploadsTest, AsXItTakesNoPicturesOfPhones) {
    const CreateUpload wanted{
        .owner = me, .media_type = "image/heic", .total = {1000}, .as_x = true
    };
    const auto refused = uploads_.create(wanted);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::media_type_unsupported);
    EXPECT_EQ(refused.error().facts.find("heic or"), std::string::npos);
    EXPECT_EQ(refused.error().facts.find("image/avif"), std::string::npos);
}

TEST_F(UploadsTest, DecidesByContentWhenNothingWasDeclared) {
    const std::string png("\x89PNG\r\n\x1a\n and more", 17);
    const auto id = create(png.size(), "", "")->id;
    ASSERT_TRUE(append(id, 0, png));
    EXPECT_EQ(uploads_.finish(me, id)->upload.category, Category::tweet_image);
}

TEST_F(UploadsTest, TakesAWholeFileInOneCall) {
    auto incoming = uploads_.begin_whole({me, "tweet_image", "image/png", "a.png", {}});
    ASSERT_TRUE(incoming->write(bytes_of("whole")));
    const auto created =
        uploads_.finish_whole({me, "tweet_image", "image/png", "a.png", {}}, std::move(*incoming));
    ASSERT_TRUE(created) << created.error().facts;
    EXPECT_EQ(created->state, UploadState::queued);
    EXPECT_EQ(content(created->id), "whole");
    EXPECT_EQ(uploads_.finish(me, created->id).error().code, ErrorCode::not_chunked);
}

TEST_F(UploadsTest, ExpiresWhatNobodyFinishesAndRemovesItsBytes) {
    const auto id = create(8)->id;
    const auto appended = append(id, 0, "ABCD");
    clock_.advance(std::chrono::hours(25));
    EXPECT_EQ(uploads_.status(me, id).error().code, ErrorCode::media_expired);
    ASSERT_TRUE(uploads_.sweep());
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(uploads_.status(me, id).error().code, ErrorCode::media_expired);
    std::string byte(1, '?');
    EXPECT_FALSE(blobs_.read({{id.value}, {0}, {1}}, {0}, std::as_writable_bytes(std::span(byte))));
}

TEST_F(UploadsTest, WhatIsReadyExpiresAtItsTimeAndNotAtTheNextSweep) {
    Upload upload = uploads_.create({.owner = me, .total = {4}}).value();
    upload.state = UploadState::ready;
    ASSERT_TRUE(metadata_.change(upload, UploadState::open, std::nullopt));
    EXPECT_TRUE(uploads_.status(me, upload.id));
    clock_.advance(std::chrono::hours(25));
    EXPECT_EQ(uploads_.status(me, upload.id).error().code, ErrorCode::media_expired);
}

TEST_F(UploadsTest, AJobThatIsUnderWayIsNotCutOffByExpiry) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(uploads_.finish(me, id));
    clock_.advance(std::chrono::hours(25));
    EXPECT_TRUE(uploads_.status(me, id));
}

TEST_F(UploadsTest, KeepsWhatTheApplicationHasClaimed) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(uploads_.finish(me, id));
    ASSERT_TRUE(uploads_.keep(me, id));
    EXPECT_EQ(uploads_.keep(other, id).error().code, ErrorCode::media_unknown);
    clock_.advance(std::chrono::hours(24 * 365));
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_TRUE(uploads_.status(me, id));
}

TEST_F(UploadsTest, KeepsNothingWhoseTimeIsOverThoughTheSweepHasNotCome) {
    const auto open = create(4)->id;
    const auto queued = create(4)->id;
    ASSERT_TRUE(append(queued, 0, "ABCD"));
    ASSERT_TRUE(uploads_.finish(me, queued));
    clock_.advance(std::chrono::hours(25));
    EXPECT_EQ(uploads_.keep(me, open).error().code, ErrorCode::media_expired);
    EXPECT_TRUE(uploads_.keep(me, queued)) << "a job that is under way is not cut off";
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(metadata_.find(me, open)->state, UploadState::expired);
}

// The sweep leaves nothing of it in the list, and no second end.
TEST_F(UploadsTest, WhatIsDueIsListedAndCancelledAsWhatIsSwept) {
    const auto open = create(4)->id;
    const auto queued = create(4)->id;
    ASSERT_TRUE(append(queued, 0, "ABCD"));
    ASSERT_TRUE(uploads_.finish(me, queued));
    const auto listed = [&](std::vector<UploadState> states, std::string text = "") {
        const UploadQuery query{.owner = me, .states = std::move(states), .text = std::move(text)};
        return uploads_.list(query)->uploads.size();
    };
    EXPECT_EQ(listed({UploadState::open}), 1U);
    clock_.advance(std::chrono::hours(25));
    for (const bool is_swept : {false, true}) {
        EXPECT_EQ(listed({}), 1U) << is_swept;
        EXPECT_EQ(listed({UploadState::open}), 0U) << is_swept;
        EXPECT_EQ(listed({UploadState::expired}), 0U) << is_swept;
        EXPECT_EQ(listed({UploadState::queued}), 1U) << is_swept;
        EXPECT_EQ(listed({}, open.text()), 0U) << is_swept;
        EXPECT_EQ(uploads_.cancel(me, open).error().code, ErrorCode::media_expired) << is_swept;
        EXPECT_EQ(uploads_.details(me, open)->status.upload.state, UploadState::expired);
        EXPECT_FALSE(uploads_.is_gone(uploads_.details(me, queued)->status.upload));
        ASSERT_TRUE(uploads_.sweep());
    }
    EXPECT_TRUE(uploads_.cancel(me, queued)) << "what is under way may be";
}

TEST_F(UploadsTest, ForgetsACancelledUpload) {
    const auto id = create(4)->id;
    ASSERT_TRUE(append(id, 0, "ABCD"));
    ASSERT_TRUE(uploads_.cancel(me, id));
    EXPECT_EQ(uploads_.status(me, id).error().code, ErrorCode::media_canceled);
    EXPECT_EQ(append(id, 1, "E").error().code, ErrorCode::media_canceled);
    EXPECT_EQ(append(id, 0, "ABCD").error().code, ErrorCode::media_canceled);
    EXPECT_EQ(uploads_.cancel(me, id).error().code, ErrorCode::media_canceled);
    EXPECT_EQ(uploads_.sweep().value(), 1U);
}

// What is stored between a look at the segments and one at what is under way was missing in both.
TEST_F(UploadsTest, FinishMissesNoSegmentThatIsStoredWhileItLooks) {
    const MediaId id = create(6)->id;
    ASSERT_TRUE(append(id, 0, "abc"));
    const AppendTarget target{me, id, {1}, ByteCount{3}};
    auto incoming = uploads_.begin_append(target);
    ASSERT_TRUE(incoming && incoming->write(bytes_of("def")));
    clock_.interrupt([&] { EXPECT_TRUE(uploads_.finish_append(target, std::move(*incoming))); });
    EXPECT_EQ(uploads_.finish(me, id).error().code, ErrorCode::append_in_flight);
    EXPECT_TRUE(uploads_.finish(me, id));
}

// What begins the segment that is being sent is kept as long as it may be a mistake for media.
TEST_F(UploadsTest, TheStartOfPlainMediaIsNotKept) {
    const auto id = create(10'000)->id;
    const AppendTarget target{me, id, {0}, ByteCount{10'000}};
    auto incoming = uploads_.begin_append(target);
    ASSERT_TRUE(incoming);
    const std::string media(3'000, '\0');
    ASSERT_TRUE(incoming->write(bytes_of(media.substr(0, 1'024))));
    EXPECT_EQ(incoming->start().size(), 1'024U) << "whether it is all of it is not known yet";
    ASSERT_TRUE(incoming->write(bytes_of(media.substr(0, 1))));
    EXPECT_TRUE(incoming->start().empty());
    ASSERT_TRUE(incoming->write(bytes_of(media)));
    EXPECT_TRUE(incoming->start().empty());
    EXPECT_TRUE(uploads_.finish_append(target, *std::move(incoming)));
}

TEST_F(UploadsTest, AMistakeForMediaIsFoundInPiecesOfAnySize) {
    const std::string page = "<!DOCTYPE html><html>" + std::string(3'000, ' ');
    for (const std::size_t piece : {1U, 700U, 1'023U, 1'024U, 1'025U, 3'021U}) {
        const auto id = create(10'000)->id;
        const AppendTarget target{me, id, {0}, ByteCount{10'000}};
        auto incoming = uploads_.begin_append(target);
        ASSERT_TRUE(incoming);
        for (std::size_t at = 0; at < page.size(); at += piece) {
            ASSERT_TRUE(
                incoming->write(bytes_of(page).subspan(at).first(std::min(piece, page.size() - at)))
            );
        }
        auto finished = uploads_.finish_append(target, *std::move(incoming));
        ASSERT_FALSE(finished) << piece;
        EXPECT_EQ(finished.error().code, ErrorCode::not_media) << piece;
    }
}

}  // namespace
}  // namespace sluice
