#include "protocol/common/url_signer.hpp"

#include <gtest/gtest.h>

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
