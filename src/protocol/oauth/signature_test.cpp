#include "protocol/oauth/signature.hpp"

#include <gtest/gtest.h>

#include "protocol/oauth/diagnosis.hpp"

namespace sluice::oauth {
namespace {

// Twitter's documentation, "Creating a signature".
constexpr const char* header =
    "oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
    "oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", "
    "oauth_signature=\"hCtSmYh%2BiHYCEqBWrE7C7hYmtUk%3D\", "
    "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", "
    "oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", oauth_version=\"1.0\"";
const Secrets secrets{
    "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw", "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE"
};

SignedRequest documented() {
    return {
        .method = "POST",
        .authority = "api.twitter.com",
        .path = "/1.1/statuses/update.json",
        .raw_query = "include_entities=true",
        .query = parse_urlencoded("include_entities=true"),
        .body = parse_urlencoded(
            "status=Hello%20Ladies%20%2b%20Gentlemen%2c%20a%20signed%20OAuth%20request%21"
        ),
    };
}

OAuth1Fields fields_of(const char* text) {
    const auto parameters = parse_oauth_header(text);
    EXPECT_TRUE(parameters) << parameters.error().facts;
    const auto fields = oauth1_fields_of(*parameters, Place::header);
    EXPECT_TRUE(fields) << fields.error().facts;
    return *fields;
}

TEST(OAuth1, AgreesWithTheExampleOfTwittersDocumentation) {
    EXPECT_TRUE(is_signed(documented(), fields_of(header), secrets));
    SignedRequest other = documented();
    other.body.front().value += "!";
    EXPECT_FALSE(is_signed(other, fields_of(header), secrets));
    EXPECT_FALSE(is_signed(documented(), fields_of(header), {secrets.token, secrets.consumer}));
}

// RFC 5849, 3.4.1.3.2.
TEST(OAuth1, NormalizesAsTheStandardsExample) {
    Parameters parameters = parse_urlencoded("b5=%3D%253D&a3=a&c%40=&a2=r%20b");
    for (const Parameter& more : parse_urlencoded("c2&a3=2+q")) {
        parameters.push_back(more);
    }
    const auto of_header = parse_oauth_header(
        "oauth_consumer_key=\"9djdj82h48djs9d2\", oauth_token=\"kkk9d7dh3k39sjv7\", "
        "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"137131201\", "
        "oauth_nonce=\"7d8f3e4a\""
    );
    ASSERT_TRUE(of_header);
    parameters.insert(parameters.end(), of_header->begin(), of_header->end());
    EXPECT_EQ(
        normalized(parameters),
        "a2=r%20b&a3=2%20q&a3=a&b5=%3D%253D&c%40=&c2=&oauth_consumer_key=9djdj82h48djs9d2&"
        "oauth_nonce=7d8f3e4a&oauth_signature_method=HMAC-SHA1&oauth_timestamp=137131201&"
        "oauth_token=kkk9d7dh3k39sjv7"
    );
}

TEST(OAuth1, TriesBothSchemesWithAndWithoutThePort) {
    EXPECT_EQ(
        base_urls("EXAMPLE.com:80", "/r", "http"),
        (std::vector<std::string>{
            "http://example.com/r", "https://example.com:80/r", "https://example.com/r"
        })
    );
    EXPECT_EQ(base_urls("[::1]:8080", "/", "http").front(), "http://[::1]:8080/");
    EXPECT_EQ(base_urls("[::1]", "/", "http").front(), "http://[::1]/");
    EXPECT_EQ(
        base_urls("[::1]", "/", "https"),
        (std::vector<std::string>{"https://[::1]/", "http://[::1]/"})
    );
}

TEST(OAuth1, NamesTheFieldThatIsWrong) {
    const std::string good = header;
    const auto without = [&good](const std::string& field) {
        std::string text = good;
        return text.replace(text.find(field), field.size(), "x_" + field);
    };
    const auto refusal = [](const std::string& text) {
        const auto parameters = parse_oauth_header(text);
        const auto fields =
            parameters ? oauth1_fields_of(*parameters, Place::header) : parameters.error();
        return fields ? std::string() : fields.error().facts;
    };
    EXPECT_EQ(refusal(good), "");
    EXPECT_NE(refusal(without("oauth_nonce")).find("oauth_nonce is missing"), std::string::npos);
    EXPECT_NE(refusal(good + ", oauth_nonce=\"x\"").find("2 times"), std::string::npos);
    EXPECT_NE(refusal(good + ", oauth_token=\"x").find("not closed"), std::string::npos);
    EXPECT_NE(refusal(good + ", x=\"%zz\"").find("hexadecimal"), std::string::npos);
    EXPECT_NE(refusal(good + ", word").find("name=\"value\""), std::string::npos);
    EXPECT_NE(
        refusal("oauth_version=\"2.0\", " + without("oauth_version")).find("1.0"), std::string::npos
    );
}

std::string explained(
    const SignedRequest& as_sent,
    const SignedRequest& as_signed,
    const Secrets& with,
    const Parameters& unsigned_body = {}
) {
    OAuth1Fields fields = fields_of(header);
    fields.signature =
        base64_of(hmac(fields.hash, signing_key(with), expected_base_string(as_signed, fields)));
    EXPECT_FALSE(is_signed(as_sent, fields, secrets));
    const auto found = explain(as_sent, fields, secrets, unsigned_body, "multipart");
    return found ? found->facts : "";
}

TEST(OAuth1, ExplainsWhatTheClientSigned) {
    SignedRequest without_body = documented();
    without_body.body.clear();
    EXPECT_NE(
        explained(documented(), without_body, secrets).find("body (status)"), std::string::npos
    );
    EXPECT_NE(
        explained(without_body, documented(), secrets, documented().body).find("multipart body"),
        std::string::npos
    );
    SignedRequest other = documented();
    other.query.clear();
    EXPECT_NE(
        explained(documented(), other, secrets).find("query (include_entities)"), std::string::npos
    );
    other = documented();
    other.authority = "upload.twitter.com";
    EXPECT_NE(
        explained(documented(), other, secrets).find("upload.twitter.com"), std::string::npos
    );
    other = documented();
    other.method = "GET";
    EXPECT_NE(explained(documented(), other, secrets).find("\"GET\""), std::string::npos);
    EXPECT_NE(
        explained(documented(), documented(), {secrets.token, secrets.consumer}).find("swapped"),
        std::string::npos
    );
    EXPECT_NE(
        explained(documented(), documented(), {secrets.consumer, ""}).find("empty"),
        std::string::npos
    );
    EXPECT_EQ(explained(documented(), documented(), {"wrong", "wrong"}), "");
}

// A body of many tiny parameters must not cost a pass over all of them for each of them.
TEST(OAuth1, DoesNotSearchLongInManyParameters) {
    SignedRequest sent = documented();
    std::string pairs = "extra=1";
    for (int i = 0; i < 150; ++i) {
        pairs += "&p" + std::to_string(i) + "=";
    }
    sent.query = parse_urlencoded(pairs);
    SignedRequest without_last = sent;
    without_last.query.pop_back();
    EXPECT_EQ(explained(sent, without_last, secrets), "");
    SignedRequest without_first = sent;
    without_first.query.erase(without_first.query.begin());
    EXPECT_NE(explained(sent, without_first, secrets).find("extra is left out"), std::string::npos);
    for (int i = 0; i < 10'000; ++i) {
        sent.body.push_back({"", ""});
    }
    EXPECT_EQ(explained(sent, without_first, {"wrong", "wrong"}), "");
}

}  // namespace
}  // namespace sluice::oauth
