#include "store/s3/sigv4.hpp"

#include <array>
#include <ctime>

#include "base/digest.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice::s3 {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// Runs of blanks become one, as the canonical form wants it.
std::string folded(std::string_view value) {
    std::string text;
    for (const char c : trim(value)) {
        if (c != ' ' || !text.ends_with(' ')) {
            text += c;
        }
    }
    return text;
}

std::string canonical_query(const std::map<std::string, std::string>& query) {
    std::map<std::string, std::string> encoded;  // sorted by what is sent
    for (const auto& [name, value] : query) {
        encoded.emplace(uri_encoded(name), uri_encoded(value));
    }
    std::string text;
    for (const auto& [name, value] : encoded) {
        text.append(text.empty() ? "" : "&").append(name).append("=").append(value);
    }
    return text;
}

std::string signed_names(const std::map<std::string, std::string>& headers) {
    std::string names;
    for (const auto& [name, value] : headers) {
        names += (names.empty() ? "" : ";") + name;
    }
    return names;
}

std::string scope_of(const SigningScope& scope, const std::string& stamp) {
    return stamp.substr(0, 8) + "/" + scope.region + "/" + scope.service + "/aws4_request";
}

std::string signature_of(
    const Unsigned& request,
    const Credentials& credentials,
    const SigningScope& scope,
    const std::string& stamp,
    std::string_view payload
) {
    std::string canonical = request.method + "\n" + uri_encoded(request.path, "/") + "\n" +
                            canonical_query(request.query) + "\n";
    for (const auto& [name, value] : request.headers) {
        canonical += name + ":" + folded(value) + "\n";
    }
    canonical += "\n" + signed_names(request.headers) + "\n" + std::string(payload);
    const std::string to_sign = std::string(algorithm) + "\n" + stamp + "\n" +
                                scope_of(scope, stamp) + "\n" + sha256_hex(canonical);
    std::string key = "AWS4" + credentials.secret;
    for (const std::string& step :
         {stamp.substr(0, 8), scope.region, scope.service, std::string("aws4_request")}) {
        key = hmac(HashKind::sha256, key, step);
    }
    return hex_of(hmac(HashKind::sha256, key, to_sign));
}

std::string target_of(const Unsigned& request) {
    const std::string query = canonical_query(request.query);
    return uri_encoded(request.path, "/") + (query.empty() ? "" : "?" + query);
}

}  // namespace

std::string amz_time(WallTime time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(time)
    );
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    const auto length = std::strftime(text.data(), text.size(), "%Y%m%dT%H%M%SZ", &parts);
    return {text.data(), length};
}

std::string uri_encoded(std::string_view text, std::string_view kept) {
    static constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const bool is_plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
                              (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' ||
                              c == '~' || kept.find(c) != std::string_view::npos;
        if (is_plain) {
            encoded += c;
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return encoded;
}

Signed sign(
    Unsigned request,
    const Credentials& credentials,
    const SigningScope& scope,
    WallTime now,
    std::string_view payload
) {
    const std::string stamp = amz_time(now);
    request.headers["x-amz-date"] = stamp;
    request.headers["x-amz-content-sha256"] = payload;
    if (!credentials.session_token.empty()) {
        request.headers["x-amz-security-token"] = credentials.session_token;
    }
    Signed result{.target = target_of(request), .headers = {}};
    for (const auto& [name, value] : request.headers) {
        result.headers.push_back(name);
        result.headers.back().append(": ").append(value);
    }
    request.headers["host"] = request.host;
    result.headers.push_back(
        "authorization: " + std::string(algorithm) + " Credential=" + credentials.key_id + "/" +
        scope_of(scope, stamp) + ",SignedHeaders=" + signed_names(request.headers) +
        ",Signature=" + signature_of(request, credentials, scope, stamp, payload)
    );
    return result;
}

std::string presigned_target(
    Unsigned request,
    const Credentials& credentials,
    const SigningScope& scope,
    WallTime now,
    std::chrono::seconds valid
) {
    const std::string stamp = amz_time(now);
    request.headers["host"] = request.host;
    request.query["X-Amz-Algorithm"] = algorithm;
    request.query["X-Amz-Credential"] = credentials.key_id + "/" + scope_of(scope, stamp);
    request.query["X-Amz-Date"] = stamp;
    request.query["X-Amz-Expires"] = std::to_string(valid.count());
    request.query["X-Amz-SignedHeaders"] = signed_names(request.headers);
    if (!credentials.session_token.empty()) {
        request.query["X-Amz-Security-Token"] = credentials.session_token;
    }
    const std::string signature =
        signature_of(request, credentials, scope, stamp, unsigned_payload);
    return target_of(request) + "&X-Amz-Signature=" + signature;
}

}  // namespace sluice::s3
