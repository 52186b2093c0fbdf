// What checking an OAuth 1.0a signature costs, apart from everything around it: the parse of the
// header and up to three HMACs (schemes and ports that clients sign). Prints microseconds per call.
//   build/release/oauth1_bench
#include <chrono>
#include <cstdio>
#include <string>

#include "protocol/oauth/diagnosis.hpp"

namespace {

using namespace sluice::oauth;

constexpr const char* header_start =
    "oauth_consumer_key=\"xvz1evFS4wEEPTGEFPHBog\", "
    "oauth_nonce=\"kYjzVBB8Y0ZFabxSWbWovY3uYSQ2pTgmZeNu2VS4cg\", "
    "oauth_signature_method=\"HMAC-SHA1\", oauth_timestamp=\"1318622958\", "
    "oauth_token=\"370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb\", oauth_version=\"1.0\", "
    "oauth_signature=\"";
const Secrets secrets{std::string(50, 'c'), std::string(45, 't')};

template <class Work>
void measure(const char* what, int rounds, Work work) {
    const auto began = std::chrono::steady_clock::now();
    int right = 0;
    for (int i = 0; i < rounds; ++i) {
        right += work() ? 1 : 0;
    }
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - began;
    std::printf("%-44s %10.2f us  (%d of %d)\n", what, took.count() / rounds, right, rounds);
}

// A header whose signature is right for `url_index` of the base URLs.
std::string header_for(const SignedRequest& request, std::size_t url_index) {
    const std::string unsigned_header = std::string(header_start) + "x\"";
    const auto fields =
        oauth1_fields_of(*parse_oauth_header(unsigned_header), Place::header).value();
    const auto urls = base_urls(request.authority, request.path, request.scheme);
    const std::string base = base_string(
        request.method, urls[url_index], normalized(signed_parameters(request, fields))
    );
    const std::string signature =
        sluice::base64_of(sluice::hmac(fields.hash, signing_key(secrets), base));
    std::string encoded;
    for (const char c : signature) {
        encoded += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    }
    return std::string(header_start) + encoded + "\"";
}

// As base64 of media looks: each letter as often.
std::string base64_text(std::size_t length) {
    constexpr std::string_view letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    std::uint32_t state = 1;
    while (text.size() < length) {
        state = state * 1'664'525 + 1'013'904'223;
        text += letters[state >> 26];
    }
    return text;
}

bool verify(const std::string& header, const SignedRequest& request) {
    const auto parameters = parse_oauth_header(header);
    const auto fields = oauth1_fields_of(*parameters, Place::header);
    return is_signed(request, *fields, secrets);
}

}  // namespace

int main() {
    SignedRequest status{
        .method = "GET",
        .authority = "127.0.0.1:8080",
        .path = "/1.1/media/upload.json",
        .raw_query = "command=STATUS&media_id=1349803915521482754",
        .query = parse_urlencoded("command=STATUS&media_id=1349803915521482754"),
        .body = {},
    };
    const std::string first = header_for(status, 0);
    const std::string last = header_for(status, 3);
    measure("STATUS, signed as received", 100'000, [&] { return verify(first, status); });
    measure("STATUS, signed as https without the port", 100'000, [&] {
        return verify(last, status);
    });
    SignedRequest append = status;
    append.method = "POST";
    append.query.clear();
    append.body = {{"command", "APPEND"}, {"media_data", base64_text(6'990'508)}};
    const std::string large = header_for(append, 0);
    measure("APPEND, 5 MB in signed base64", 10, [&] { return verify(large, append); });
    const auto fields = oauth1_fields_of(*parse_oauth_header(first), Place::header).value();
    const Secrets wrong{"wrong", "wrong"};
    measure("a mismatch that nothing explains", 200, [&] {
        return explain(status, fields, wrong, {}, "").has_value();
    });
    return 0;
}
