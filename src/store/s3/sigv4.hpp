// AWS Signature Version 4 for S3 (Authenticating Requests, header-based and by query parameters). Pure:
// the caller says what time it is. Only the client of this folder uses it. Nothing here logs.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace sluice::s3 {

struct Credentials {
    std::string key_id;
    std::string secret;
    std::string session_token;  // of temporary ones; empty: none
    std::optional<WallTime> ends_at = std::nullopt;
};

// A request before it is signed. `path` is raw: percent-encoded here, byte by byte, never normalised.
struct Unsigned {
    std::string method;
    std::string host;  // as in the Host header, with a port that is not the scheme's
    std::string path;  // "/bucket/key"
    std::map<std::string, std::string> query;
    std::map<std::string, std::string> headers;  // names in lower case; all of them are signed
};

struct SigningScope {
    std::string region;
    std::string service = "s3";
};

struct Signed {
    std::string target;                // path and query as they go into the request line
    std::vector<std::string> headers;  // "name: value", Host not among them
};

inline constexpr std::string_view unsigned_payload = "UNSIGNED-PAYLOAD";
inline constexpr std::string_view empty_payload =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

// `payload`: the lower-case hexadecimal SHA-256 of the body, or unsigned_payload.
Signed sign(
    Unsigned request,
    const Credentials& credentials,
    const SigningScope& scope,
    WallTime now,
    std::string_view payload
);

// Path and query of a URL that anybody may use for so long (AWS takes 1 s to 7 days).
std::string presigned_target(
    Unsigned request,
    const Credentials& credentials,
    const SigningScope& scope,
    WallTime now,
    std::chrono::seconds valid
);

// "20130524T000000Z"
std::string amz_time(WallTime time);

// RFC 3986 unreserved characters stay, and those of `kept`.
std::string uri_encoded(std::string_view text, std::string_view kept = "");

}  // namespace sluice::s3
