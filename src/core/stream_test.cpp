#include "core/stream.hpp"

#include <gtest/gtest.h>

#include "core/upload.hpp"

namespace sluice {
namespace {

constexpr WallTime now{std::chrono::milliseconds{1'000'000}};

Upload stream_of(UploadKind kind, ByteCount total, ByteCount received) {
    NewUpload wanted{
        .id = {7}, .owner = {"a"}, .total = total, .now = now, .lifetime = std::chrono::hours(1)
    };
    wanted.stream.kind = kind;
    Upload upload = Upload::open(std::move(wanted));
    upload.received = received;
    return upload;
}

TEST(Stream, IsCompleteWithItsLastByteAndExpiresNoMore) {
    const auto whole = stream_of(UploadKind::stream, {5}, {5}).completed(now);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->state, UploadState::sealed);
    EXPECT_EQ(whole->expires_at, never);
    EXPECT_FALSE(stream_of(UploadKind::stream, {5}, {4}).completed(now));
    EXPECT_TRUE(stream_of(UploadKind::stream, {0}, {0}).completed(now));
}

TEST(Stream, IsNotCompleteAsLongAsItsLengthIsUnknown) {
    Upload upload = stream_of(UploadKind::stream, {5}, {5});
    upload.stream.length_known = false;
    EXPECT_FALSE(upload.completed(now));
}

TEST(Stream, OfAPartIsNeverAMediumByItself) {
    EXPECT_FALSE(stream_of(UploadKind::part, {5}, {5}).completed(now));
}

TEST(Stream, TakesNoNumberedSegments) {
    const auto refused = stream_of(UploadKind::stream, {5}, {0}).admits({0}, {1}, now);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::not_chunked);
}

TEST(Stream, PartsSurviveAsText) {
    const std::vector<MediaId> parts{{12}, {13}, {12}};
    EXPECT_EQ(parse_parts(text_of(parts)), parts);
    EXPECT_TRUE(parse_parts("").empty());
}

}  // namespace
}  // namespace sluice
