#include "core/upload.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::hours;

const WallTime start{std::chrono::milliseconds{1'790'000'000'000}};

Upload open_upload(std::uint64_t total) {
    return Upload::open({
        .id = {1349803915521482754},
        .owner = {"anonymous"},
        .category = Category::tweet_video,
        .total = {total},
        .now = start,
        .lifetime = hours(24),
    });
}

Segment segment(std::uint16_t index, std::uint64_t length) {
    return {.index = {index}, .extent = {{1}, {0}, {length}}, .received_at = start};
}

TEST(Upload, HasXsMediaKey) {
    EXPECT_EQ(open_upload(10).media_key(), "7_1349803915521482754");
    EXPECT_EQ(parse_media_key("7_1349803915521482754")->value, 1349803915521482754U);
    for (const auto* bad : {"7", "_7", "7_", "x_1", "123_4", "7_x"}) {
        EXPECT_FALSE(parse_media_key(bad)) << bad;
    }
}

TEST(Upload, RefusesMoreBytesThanAnnouncedWithTheNumbers) {
    const auto refused = open_upload(10).admits({0}, {11}, start);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::beyond_total_bytes);
    EXPECT_NE(refused.error().facts.find("10 bytes"), std::string::npos);
    EXPECT_NE(refused.error().facts.find("11 more"), std::string::npos);
}

TEST(Upload, RefusesSegmentsAfterItsTimeIsOver) {
    EXPECT_EQ(
        open_upload(10).admits({0}, {1}, start + hours(24)).error().code, ErrorCode::media_expired
    );
}

TEST(Upload, NamesTheMissingSegmentsWhenSealed) {
    const auto upload = open_upload(30).with_segment(segment(1, 10), start).value();
    const auto refused = upload.sealed({{{1}, segment(1, 10)}, {{3}, segment(3, 10)}}, start);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::segment_missing);
    EXPECT_NE(refused.error().facts.find("0, 2"), std::string::npos);
    EXPECT_NE(refused.error().facts.find("20 of 30"), std::string::npos);
}

TEST(Upload, SaysThatCountingBeganAtOne) {
    const auto refused = open_upload(10).sealed({{{1}, segment(1, 10)}}, start);
    EXPECT_NE(refused.error().facts.find("count from 0"), std::string::npos);
}

TEST(Upload, SaysThatTheLengthOfBase64WasAnnounced) {
    const auto refused = open_upload(400).sealed({{{0}, segment(0, 300)}}, start);
    EXPECT_EQ(refused.error().code, ErrorCode::size_mismatch);
    EXPECT_NE(refused.error().facts.find("base64"), std::string::npos);
}

TEST(Upload, IsNotSealedWithoutBytes) {
    EXPECT_EQ(open_upload(10).sealed({}, start).error().code, ErrorCode::nothing_appended);
    EXPECT_EQ(
        open_upload(10).sealed({{{0}, segment(0, 0)}}, start).error().code,
        ErrorCode::nothing_appended
    );
}

TEST(Upload, NeverLetsProgressFallOrReachAHundredEarly) {
    Upload upload = open_upload(10);
    upload.state = UploadState::processing;
    upload = upload.with_progress({.percent = 40}, start).value();
    EXPECT_EQ(upload.with_progress({.percent = 30}, start)->progress.percent, 40);
    EXPECT_EQ(upload.with_progress({.percent = 100}, start)->progress.percent, 99);
    EXPECT_EQ(upload.succeeded({}, start)->progress.percent, 100);
}

TEST(Upload, KeepsItsProgressOverARetry) {
    Upload upload = open_upload(10);
    upload.state = UploadState::processing;
    upload = upload.with_progress({.percent = 40}, start).value();
    upload = upload.released(start)->claimed(start).value();
    EXPECT_EQ(upload.progress.percent, 40);
    EXPECT_EQ(upload.attempts, 1);
}

}  // namespace
}  // namespace sluice
