#include "protocol/common/url_signer.hpp"

#include <gtest/gtest.h>

#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

TEST(UrlSigner, AdmitsWhatItSignedUntilItExpires) {
    ManualClock clock;
    const UrlSigner signer(std::string(32, 'k'), clock);
    const std::string query = signer.query_for("/media/7_1/video.mp4").substr(1);
    EXPECT_TRUE(UrlSigner::is_signed(query));
    EXPECT_FALSE(UrlSigner::is_signed("expires=1"));
    EXPECT_TRUE(signer.check("/media/7_1/video.mp4", query));
    EXPECT_EQ(signer.check("/media/7_2/video.mp4", query).error().code, ErrorCode::token_unknown);
    EXPECT_EQ(
        signer.check("/media/7_1/video.mp4", "expires=9" + query.substr(9)).error().code,
        ErrorCode::token_unknown
    );
    const UrlSigner other(std::string(32, 'x'), clock);
    EXPECT_FALSE(other.check("/media/7_1/video.mp4", query));
    clock.advance(UrlSigner::lifetime + std::chrono::hours(1));
    EXPECT_EQ(signer.check("/media/7_1/video.mp4", query).error().code, ErrorCode::token_expired);
}

TEST(UrlSigner, HasAKeyForEachWeekAndKnowsTheOneBefore) {
    // The last minute of a week.
    ManualClock clock(WallTime{std::chrono::weeks(2900) - std::chrono::minutes(1)});
    const UrlSigner signer(std::string(32, 'k'), clock);
    const std::string query = signer.query_for("/media/7_1/a").substr(1);
    EXPECT_NE(query.find("&key=2899&"), std::string::npos) << query;
    clock.advance(std::chrono::hours(2));
    EXPECT_TRUE(signer.check("/media/7_1/a", query));
    EXPECT_NE(signer.query_for("/media/7_1/a").find("&key=2900&"), std::string::npos);
    std::string other_key = query;
    other_key.replace(other_key.find("key=2899"), 8, "key=2900");
    EXPECT_EQ(signer.check("/media/7_1/a", other_key).error().code, ErrorCode::token_unknown);
}

// Signed for ever by somebody who has the key of one week, as query_for() would.
std::string forged(std::int64_t week) {
    const std::string number = std::to_string(week);
    const std::string key = hmac(HashKind::sha256, std::string(32, 'k'), "week " + number);
    const std::string text = "GET\n/media/7_1/a\n9999999999";
    return "expires=9999999999&key=" + number +
           "&signature=" + hex_of(hmac(HashKind::sha256, key, text));
}

TEST(UrlSigner, AKeyThatBecameKnownEndsWithTheWeekAfterItsOwn) {
    ManualClock clock(WallTime{std::chrono::weeks(2900)});
    const UrlSigner signer(std::string(32, 'k'), clock);
    EXPECT_TRUE(signer.check("/media/7_1/a", forged(2900)));
    clock.advance(std::chrono::weeks(1));
    EXPECT_TRUE(signer.check("/media/7_1/a", forged(2900)));
    clock.advance(std::chrono::weeks(1));
    EXPECT_EQ(signer.check("/media/7_1/a", forged(2900)).error().code, ErrorCode::token_expired);
}

TEST(UrlSigner, GivesTheSameUrlWithinAnHour) {
    ManualClock clock(WallTime{std::chrono::hours(500'000)});
    const UrlSigner signer(std::string(32, 'k'), clock);
    clock.advance(std::chrono::minutes(1));
    const std::string query = signer.query_for("/media/7_1/a");
    clock.advance(std::chrono::minutes(30));
    EXPECT_EQ(signer.query_for("/media/7_1/a"), query);
}

}  // namespace
}  // namespace sluice::protocol
