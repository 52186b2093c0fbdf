#include "client/oauth1.hpp"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

constexpr const char* form_type = "application/x-www-form-urlencoded";

// The worked example of X's own page "Creating a signature".
const OAuth1Keys x_keys{
    .consumer_key = "xvz1evFS4wEEPTGEFPHBog",
    .consumer_secret = "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    .token = "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    .token_secret = "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
};
constexpr const char* x_nonce = "kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg";
constexpr std::int64_t x_time = 1318622958;

HttpRequest x_request() {
    return {
        .method = "POST",
        .url = "https://api.twitter.com/1.1/statuses/update.json?include_entities=true",
        .headers = {{"Content-Type", form_type}},
        .body = "status=Hello%20Ladies%20%2B%20Gentlemen%2C%20a%20signed%20OAuth%20request%21"
    };
}

TEST(OAuth1, SignsTheExampleOfX) {
    EXPECT_EQ(
        oauth1_base_string(x_request(), x_keys, x_nonce, x_time),
        "POST&https%3A%2F%2Fapi.twitter.com%2F1.1%2Fstatuses%2Fupdate.json&include_entities%3Dtrue%"
        "26oauth_consumer_key%3Dxvz1evFS4wEEPTGEFPHBog%26oauth_nonce%"
        "3DkYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg%26oauth_signature_method%3DHMAC-SHA1%26oauth_"
        "timestamp%3D1318622958%26oauth_token%3D370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb%"
        "26oauth_version%3D1.0%26status%3DHello%2520Ladies%2520%252B%2520Gentlemen%252C%2520a%"
        "2520signed%2520OAuth%2520request%2521"
    );
    const auto header = oauth1_header(x_request(), x_keys, x_nonce, x_time);
    EXPECT_TRUE(header.starts_with("OAuth oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "));
    EXPECT_TRUE(header.contains("oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\""));
}

TEST(OAuth1, TakesABlankInAFormForWhatItIs) {
    auto request = x_request();
    request.body = "status=Hello+Ladies+%2B+Gentlemen%2C+a+signed+OAuth+request%21";
    EXPECT_EQ(
        oauth1_header(request, x_keys, x_nonce, x_time),
        oauth1_header(x_request(), x_keys, x_nonce, x_time)
    );
}

TEST(OAuth1, SignsNothingOfAMultipartOrJsonBody) {
    for (const auto* type : {"multipart/form-data; boundary=x", "application/json", "text/plain"}) {
        auto request = x_request();
        request.headers = {{"Content-Type", type}};
        const auto base = oauth1_base_string(request, x_keys, x_nonce, x_time);
        EXPECT_FALSE(base.contains("Hello")) << type;
        EXPECT_TRUE(base.contains("include_entities")) << type;
    }
}

TEST(OAuth1, LeavesOutThePortThatTheSchemeImplies) {
    const auto base_of = [](std::string url) {
        return oauth1_base_string({.url = std::move(url)}, x_keys, "n", 1);
    };
    EXPECT_EQ(base_of("https://API.x.com:443/a"), base_of("https://api.x.com/a"));
    EXPECT_EQ(base_of("http://h:80/a"), base_of("http://h/a"));
    EXPECT_TRUE(base_of("http://h:443/a").contains("h%3A443"));
    EXPECT_TRUE(base_of("http://127.0.0.1:8080/a").contains("127.0.0.1%3A8080%2Fa"));
}

TEST(OAuth1, ShowsNoSecret) {
    const auto header = oauth1_header(x_request(), x_keys, x_nonce, x_time);
    EXPECT_FALSE(header.contains(x_keys.consumer_secret));
    EXPECT_FALSE(header.contains(x_keys.token_secret));
}

}  // namespace
}  // namespace sluice::client
