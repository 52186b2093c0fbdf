// A request as the connection hands it on: its head, checked and split; the body is read from a
// BodyReader. The strings are the request's own, so a handler may keep a reference over its
// suspensions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/rare.hpp"

namespace sluice::http {

struct HeaderField {
    std::string name;   // as received
    std::string value;  // without the blanks around it
};

struct Request {
    std::string method;
    std::string target;     // as received
    std::string path;       // percent-decoded once; begins with '/'
    std::string raw_query;  // without the '?'
    std::vector<HeaderField> headers;
    std::optional<std::uint64_t> content_length;  // nothing: no body, or a chunked one
    int version_minor = 1;                        // HTTP/1.<minor>
    bool is_chunked = false;
    bool expects_continue = false;
    bool wants_close = false;
    bool is_inspected = false;  // the caller can look at this exchange afterwards
    std::string request_id;     // the caller's X-Request-Id if valid, else made here
    std::string peer;           // address of the other end
    // "http://host:port" under which the caller reached us, for URLs in answers.
    std::string base_url;
    // The same by the request's own words, where a trusted proxy has told another host.
    Rare<std::string> direct_url;
    // When its head was there; nothing of one that did not come by a connection.
    std::chrono::steady_clock::time_point began;
    std::optional<WallTime> came_at;

    bool has_body() const { return is_chunked || content_length.value_or(0) > 0; }
    // First value of a field; nothing if absent.
    std::optional<std::string_view> header(std::string_view name) const;
    std::size_t count(std::string_view name) const;  // how often the field stands there
    // All lines of a field that is a list, as one (RFC 9110, section 5.3); empty: none.
    std::string joined(std::string_view name) const;
};

}  // namespace sluice::http
