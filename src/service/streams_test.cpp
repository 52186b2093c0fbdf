#include "service/streams.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/metrics.hpp"
#include "service/doubts.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_doubt_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};

class CountingStore final : public MemoryMetadataStore {
  public:
    Result<Upload> find(const Principal& owner, MediaId id) override {
        ++finds;
        return MemoryMetadataStore::find(owner, id);
    }
    Result<UploadWithSegments> find_with_segments(const Principal& owner, MediaId id) override {
        ++finds;
        return MemoryMetadataStore::find_with_segments(owner, id);
    }
    int finds = 0;
};

class StreamsTest : public testing::Test {
  protected:
    explicit StreamsTest(const Quota& quota = {})
        : uploads_(services_, {.upload_bytes_max = ByteCount{100}, .quota = quota}) {}

    MediaId create(std::optional<std::uint64_t> length, UploadKind kind = UploadKind::stream) {
        CreateStream wanted{.owner = me, .kind = kind, .media_type = "video/mp4"};
        wanted.length = length ? std::optional(ByteCount{*length}) : std::nullopt;
        return streams_.create(wanted)->id;
    }

    Result<Upload> join(std::vector<MediaId> parts) {
        return streams_.create({.owner = me, .kind = UploadKind::joined, .parts = std::move(parts)}
        );
    }

    Result<StreamAppend> begin(
        MediaId id, std::uint64_t at, std::optional<std::uint64_t> total = std::nullopt
    ) {
        AppendToStream wanted{.owner = me, .id = id, .at = ByteCount{at}};
        wanted.total = total ? std::optional(ByteCount{*total}) : std::nullopt;
        return streams_.begin(wanted);
    }

    Result<void> store(StreamAppend& append, std::string_view text) {
        auto piece = streams_.begin_piece(append, ByteCount{text.size()});
        if (!piece) {
            return std::move(piece).error();
        }
        if (auto written = piece->write(std::as_bytes(std::span(text))); !written) {
            return written;
        }
        return streams_.store(append, *std::move(piece));
    }

    Result<Upload> append(
        MediaId id,
        std::uint64_t at,
        std::string_view text,
        std::optional<std::uint64_t> total = std::nullopt
    ) {
        auto begun = begin(id, at, total);
        if (!begun) {
            return std::move(begun).error();
        }
        if (auto stored = text.empty() ? ok() : store(*begun, text); !stored) {
            return std::move(stored).error();
        }
        return streams_.finish(*std::move(begun));
    }

    std::string content(MediaId id) {
        std::string text;
        const auto read = streams_.read(me, id, [&](std::span<const std::byte> bytes) {
            text.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        });
        EXPECT_TRUE(read);
        return text;
    }

    std::uint64_t offset(MediaId id) { return streams_.find(me, id)->received.value; }

    ManualClock clock_;
    CountingStore metadata_;
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    MemoryDoubtStore store_{metadata_};
    Doubts doubts_{store_, metadata_, blobs_, clock_};
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    UploadServices services_{
        metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}, nullptr, &doubts_
    };
    Uploads uploads_;
    Streams streams_{services_, uploads_};
};

TEST_F(StreamsTest, TheLastByteCompletes) {
    const auto id = create(10);
    EXPECT_EQ(append(id, 0, "hello")->state, UploadState::open);
    EXPECT_EQ(offset(id), 5U);
    EXPECT_TRUE(append(id, 5, "world")->has_all_bytes());
    EXPECT_EQ(content(id), "helloworld");
}

TEST_F(StreamsTest, OnlyTheEndTakesBytes) {
    const auto id = create(10);
    ASSERT_TRUE(append(id, 0, "hello"));
    for (const std::uint64_t at : {0, 4, 6, 10}) {
        EXPECT_EQ(append(id, at, "x").error().code, ErrorCode::offset_mismatch) << at;
    }
    EXPECT_EQ(append(id, 5, "worldly").error().code, ErrorCode::beyond_total_bytes);
    EXPECT_EQ(offset(id), 5U);
}

TEST_F(StreamsTest, WhoComesLaterTakesOver) {
    const auto id = create(10);
    auto first = begin(id, 0);
    auto piece = streams_.begin_piece(*first, ByteCount{5});
    ASSERT_TRUE(piece->write(std::as_bytes(std::span("OLDOLD", 5))));
    ASSERT_TRUE(append(id, 0, "hello"));
    EXPECT_TRUE(first->is_lost());
    const auto late = streams_.store(*first, *std::move(piece));
    EXPECT_EQ(late.error().code, ErrorCode::upload_taken_over);
    EXPECT_EQ(streams_.finish(*std::move(first)).error().code, ErrorCode::upload_taken_over);
    ASSERT_TRUE(append(id, 5, "world"));
    EXPECT_EQ(content(id), "helloworld");
}

TEST_F(StreamsTest, WhoAppendsToWhatIsOverIsToldSo) {
    const auto piece_for = [this](StreamAppend& append) {
        auto piece = streams_.begin_piece(append, ByteCount{5});
        EXPECT_TRUE(piece->write(std::as_bytes(std::span("hello", 5))));
        return *std::move(piece);
    };
    const auto deleted = create(10);
    auto first = begin(deleted, 0);
    auto first_piece = piece_for(*first);
    ASSERT_TRUE(streams_.cancel(me, deleted));
    EXPECT_TRUE(first->is_lost());
    EXPECT_EQ(
        streams_.store(*first, std::move(first_piece)).error().code, ErrorCode::media_canceled
    );
    EXPECT_EQ(streams_.finish(*std::move(first)).error().code, ErrorCode::media_canceled);
    const auto native = create(10);
    auto second = begin(native, 0);
    auto second_piece = piece_for(*second);
    ASSERT_TRUE(uploads_.cancel(me, native));
    EXPECT_EQ(
        streams_.store(*second, std::move(second_piece)).error().code, ErrorCode::media_canceled
    );
    const auto expired = create(10);
    auto third = begin(expired, 0);
    auto third_piece = piece_for(*third);
    clock_.advance(std::chrono::hours(24 * 8));
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(
        streams_.store(*third, std::move(third_piece)).error().code, ErrorCode::media_expired
    );
}

TEST_F(StreamsTest, WhatIsRefusedTakesNothingOver) {
    const auto id = create(10);
    auto first = begin(id, 0);
    EXPECT_FALSE(begin(id, 3));
    EXPECT_FALSE(first->is_lost());
    EXPECT_TRUE(store(*first, "hello"));
}

TEST_F(StreamsTest, TheLengthMayComeLaterAndThenStays) {
    const auto id = create(std::nullopt);
    ASSERT_TRUE(append(id, 0, "hello"));
    EXPECT_EQ(append(id, 5, "", 4).error().code, ErrorCode::length_invalid);
    EXPECT_EQ(append(id, 5, "", 101).error().code, ErrorCode::file_too_large);
    ASSERT_TRUE(append(id, 5, "", 10));
    EXPECT_EQ(append(id, 5, "", 11).error().code, ErrorCode::length_invalid);
    EXPECT_TRUE(append(id, 5, "world", 10)->has_all_bytes());
}

TEST_F(StreamsTest, WithoutALengthTheServersLimitHolds) {
    const auto id = create(std::nullopt);
    ASSERT_TRUE(append(id, 0, std::string(100, 'x')));
    EXPECT_EQ(append(id, 100, "x").error().code, ErrorCode::file_too_large);
}

TEST_F(StreamsTest, JoinsWholePartsInTheirOrderAndMoreThanOnce) {
    const auto a = create(2, UploadKind::part);
    const auto b = create(3, UploadKind::part);
    ASSERT_TRUE(append(a, 0, "ab"));
    ASSERT_TRUE(append(b, 0, "cde"));
    const auto joined = join({b, a, b});
    ASSERT_TRUE(joined);
    EXPECT_TRUE(joined->has_all_bytes());
    EXPECT_EQ(content(joined->id), "cdeabcde");
    EXPECT_EQ(append(joined->id, 8, "x").error().code, ErrorCode::upload_is_joined);
    ASSERT_TRUE(streams_.cancel(me, a));
    EXPECT_EQ(content(joined->id), "cdeabcde");
    EXPECT_EQ(join({a}).error().code, ErrorCode::concatenation_invalid);
}

TEST_F(StreamsTest, AJoinedOneWaitsForItsParts) {
    const auto a = create(2, UploadKind::part);
    const auto b = create(3, UploadKind::part);
    const auto joined = join({a, b});
    ASSERT_TRUE(joined);
    EXPECT_FALSE(joined->has_all_bytes());
    ASSERT_TRUE(append(b, 0, "cde"));
    ASSERT_TRUE(append(a, 0, "ab"));
    EXPECT_TRUE(streams_.find(me, joined->id)->has_all_bytes());
    EXPECT_EQ(content(joined->id), "abcde");
}

// Each that is completed asks how far the others are.
TEST_F(StreamsTest, PartsThatAreCompletedInTurnDoNotLookAtAllOthersEach) {
    std::vector<MediaId> parts;
    for (int i = 0; i < 60; ++i) {
        parts.push_back(create(1, UploadKind::part));
    }
    const auto waiting = join(parts);
    ASSERT_TRUE(waiting);
    metadata_.finds = 0;
    for (const MediaId part : parts) {
        ASSERT_TRUE(append(part, 0, "x"));
    }
    EXPECT_LT(metadata_.finds, 60 * 10);
    EXPECT_EQ(content(waiting->id), std::string(60, 'x'));
}

TEST_F(StreamsTest, WithoutOneOfItsPartsNothingWaits) {
    const auto a = create(2, UploadKind::part);
    const auto b = create(3, UploadKind::part);
    const auto both = join({a, b});
    const auto other = join({b, b});
    ASSERT_TRUE(streams_.cancel(me, a));
    EXPECT_EQ(streams_.find(me, both->id).error().code, ErrorCode::media_canceled);
    EXPECT_TRUE(streams_.find(me, other->id));
}

TEST_F(StreamsTest, TheOffsetEndsBeforeBytesThatWereLost) {
    const auto id = create(std::nullopt);  // each piece by itself
    for (std::uint64_t at = 0; at < 8; at += 2) {
        ASSERT_TRUE(append(id, at, "xy"));
    }
    ASSERT_EQ(offset(id), 8U);
    ASSERT_EQ(offset(id), 8U) << "known to be whole by now";
    const auto found = metadata_.find_with_segments(me, id);
    ASSERT_TRUE(doubts_.drop(*found, {SegmentIndex{1}}));
    EXPECT_EQ(offset(id), 2U) << "what follows the gap is of no use";
    EXPECT_TRUE(append(id, 2, "12345678", 10)->has_all_bytes());
    EXPECT_EQ(content(id), "xy12345678");
}

TEST_F(StreamsTest, WhatStandsBehindEachOtherIsOneSegment) {
    const auto id = create(10);
    ASSERT_TRUE(append(id, 0, "he"));
    auto slow = begin(id, 2);
    ASSERT_TRUE(store(*slow, "l"));
    ASSERT_TRUE(store(*slow, "lo"));
    EXPECT_EQ(offset(id), 5U);
    EXPECT_EQ(metadata_.find(me, id)->segments_received, 1U);
    const auto found = metadata_.find_with_segments(me, id);
    EXPECT_EQ(found->segments.at({0}).crc32c, crc32c(std::as_bytes(std::span("hello", 5))));
    EXPECT_TRUE(append(id, 5, "world")->has_all_bytes());
    EXPECT_EQ(content(id), "helloworld");
}

TEST_F(StreamsTest, ManyPiecesOfUnknownLengthAreGathered) {
    constexpr std::uint64_t count = 2'000;
    Uploads uploads{services_, UploadLimits{.upload_bytes_max = ByteCount{count}}};
    Streams streams{services_, uploads};
    const auto id = streams.create({.owner = me, .media_type = "video/mp4"})->id;
    auto append = streams.begin({.owner = me, .id = id});
    std::string sent;
    for (std::uint64_t i = 0; i < count; ++i) {
        sent.push_back(static_cast<char>('a' + i % 23));
        auto piece = streams.begin_piece(*append, std::nullopt);
        ASSERT_TRUE(piece) << i;
        ASSERT_TRUE(piece->write(std::as_bytes(std::span(sent).last(1))));
        ASSERT_TRUE(streams.store(*append, *std::move(piece))) << i;
    }
    ASSERT_TRUE(streams.finish(*std::move(append)));
    EXPECT_EQ(metadata_.find(me, id)->received.value, count);
    EXPECT_LT(metadata_.find(me, id)->segments_received, 100U);
    EXPECT_EQ(content(id), sent);
}

// A bucket: each piece is an object.
TEST_F(StreamsTest, WhatCannotBeGatheredHasALimit) {
    const auto id = create(std::nullopt);
    Upload row = *metadata_.find(me, id);
    row.id = {row.id.value + 1};
    row.segments_received = 65'536;
    row.received = row.total = {99};
    ASSERT_TRUE(metadata_.create(row));
    auto append = streams_.begin({.owner = me, .id = row.id, .at = {99}});
    ASSERT_TRUE(append);
    EXPECT_EQ(streams_.begin_piece(*append, std::nullopt).error().code, ErrorCode::too_many_pieces);
}

TEST_F(StreamsTest, WhatExpiredIsGone) {
    const auto id = create(10);
    ASSERT_TRUE(append(id, 0, "hello"));
    clock_.advance(std::chrono::hours(24 * 8));
    EXPECT_EQ(streams_.find(me, id).error().code, ErrorCode::media_expired);
    EXPECT_EQ(append(id, 5, "world").error().code, ErrorCode::media_expired);
    Upload ready = *metadata_.find(me, create(10));
    ready.state = UploadState::ready;
    ASSERT_TRUE(metadata_.change(ready, UploadState::open, std::nullopt));
    EXPECT_TRUE(streams_.find(me, ready.id));
    clock_.advance(std::chrono::hours(24 * 8));
    EXPECT_EQ(streams_.find(me, ready.id).error().code, ErrorCode::media_expired);
}

TEST_F(StreamsTest, WhatIsFedLivesOnForSomeTimeAlone) {
    const auto id = create(100);
    const auto created_at = metadata_.find(me, id)->created_at;
    std::uint64_t at = 0;
    while (append(id, at, "x")) {
        ++at;
        clock_.advance(std::chrono::hours(12));
        ASSERT_LT(at, 50U);
    }
    const auto lifetime = UploadLimits{}.lifetime;
    EXPECT_GE(clock_.now(), created_at + lifetime);
    EXPECT_LE(clock_.now(), created_at + 7 * lifetime + std::chrono::hours(12));
    EXPECT_EQ(append(id, at, "x").error().code, ErrorCode::media_expired);
}

TEST_F(StreamsTest, WhatWaitsForAPartEndsWithIt) {
    const auto part = create(5, UploadKind::part);
    const auto other = create(5, UploadKind::part);
    clock_.advance(std::chrono::hours(12));
    ASSERT_TRUE(append(other, 0, "hel")) << "it lives on";
    const auto waiting = join({part, other});
    const auto needless = join({other});
    ASSERT_TRUE(waiting && needless);
    clock_.advance(std::chrono::hours(13));
    ASSERT_TRUE(uploads_.sweep());
    EXPECT_EQ(streams_.find(me, part).error().code, ErrorCode::media_expired);
    EXPECT_EQ(streams_.find(me, waiting->id).error().code, ErrorCode::media_canceled);
    ASSERT_TRUE(append(other, 3, "lo"));
    EXPECT_EQ(content(needless->id), "hello");
    const auto third = create(5, UploadKind::part);
    const auto last = join({third});
    ASSERT_TRUE(uploads_.cancel(me, create(5)));
    EXPECT_TRUE(streams_.find(me, last->id));
    ASSERT_TRUE(streams_.cancel_any(me, third));
    EXPECT_EQ(streams_.find(me, last->id).error().code, ErrorCode::media_canceled);
}

TEST_F(StreamsTest, SomebodyElsesIsUnknown) {
    const auto id = create(10);
    EXPECT_EQ(streams_.find({"you"}, id).error().code, ErrorCode::media_unknown);
    EXPECT_EQ(streams_.cancel({"you"}, id).error().code, ErrorCode::media_unknown);
}

class StreamsWithQuota : public StreamsTest {
  protected:
    StreamsWithQuota() : StreamsTest(Quota{.uploads_open_max = 0, .bytes_max = ByteCount{25}}) {}
};

TEST_F(StreamsWithQuota, WhatHasNoLengthYetGrowsAsFarAsTheQuotaGoes) {
    const auto id = create(std::nullopt);
    ASSERT_TRUE(append(id, 0, "0123456789"));
    const auto other = create(12);
    EXPECT_EQ(append(id, 10, "abcd").error().code, ErrorCode::quota_exceeded);
    const auto told = begin(id, 10, 14);
    ASSERT_FALSE(told);
    EXPECT_EQ(told.error().code, ErrorCode::quota_exceeded);
    EXPECT_TRUE(told.error().facts.contains("25 bytes are allowed, 22 are used or reserved"))
        << told.error().facts;
    EXPECT_EQ(offset(id), 10U);
    EXPECT_TRUE(append(id, 10, "abc")) << "as far as that";
    ASSERT_TRUE(streams_.cancel(me, other));
    EXPECT_TRUE(append(id, 13, "d", 14)->has_all_bytes());
}

// Counts how often it was asked, and says no from the second time on.
class Once final : public Admission {
  public:
    Result<void> admit() const override {
        return asked_++ == 0 ? ok() : Result<void>(Error{ErrorCode::rate_limited});
    }

  private:
    mutable int asked_ = 0;
};

TEST_F(StreamsWithQuota, WhatTheQuotaRefusesCountsInTheRate) {
    const auto id = create(std::nullopt);
    ASSERT_TRUE(append(id, 0, "0123456789"));
    const auto other = create(15);
    const Once once;
    const AppendToStream wanted{
        .owner = me, .id = id, .at = ByteCount{10}, .length = ByteCount{1}, .admission = &once
    };
    EXPECT_EQ(streams_.begin(wanted).error().code, ErrorCode::quota_exceeded);
    EXPECT_EQ(streams_.begin(wanted).error().code, ErrorCode::rate_limited);
    EXPECT_TRUE(streams_.cancel(me, other));
}

TEST_F(StreamsWithQuota, OfTwoThatGrowAtOnceTheCommitRefusesTheSecond) {
    const auto first = create(std::nullopt);
    const auto second = create(std::nullopt);
    auto one = begin(first, 0);
    auto two = begin(second, 0);
    ASSERT_TRUE(one && two) << "both have room";
    EXPECT_TRUE(store(*one, "0123456789abcdef"));
    const auto refused = store(*two, "0123456789");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::quota_exceeded);
    EXPECT_EQ(offset(second), 0U);
}

TEST_F(StreamsWithQuota, AJoiningThatIsRefusedIsTriedAgainWithTheLastPart) {
    const auto other = create(6);
    const auto part = create(10, UploadKind::part);
    const auto waiting = join({part, part});
    ASSERT_TRUE(waiting);
    EXPECT_EQ(append(part, 0, "0123456789").error().code, ErrorCode::quota_exceeded);
    EXPECT_EQ(offset(part), 10U) << "its bytes are there";
    EXPECT_EQ(join({part, part}).error().code, ErrorCode::quota_exceeded);
    ASSERT_TRUE(streams_.cancel(me, other));
    ASSERT_TRUE(append(part, 10, ""));
    EXPECT_EQ(content(waiting->id), "01234567890123456789");
    EXPECT_EQ(metadata_.usage_of(me).value(), (Usage{0, {20}}));
}

}  // namespace
}  // namespace sluice
