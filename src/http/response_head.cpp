#include "http/response_head.hpp"

#include <algorithm>
#include <iterator>

namespace sluice::http {

namespace {

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Looks at all of it, without a branch, so that the compiler takes many at a time.
bool has_control(std::string_view text) {
    bool has = false;
    for (const char c : text) {
        has |= is_control(c);
    }
    return has;
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    if (has_control(value)) {
        std::ranges::replace_copy_if(value, std::back_inserter(out), is_control, ' ');
    } else {
        out += value;
    }
    out += "\r\n";
}

}  // namespace

bool allows_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

void append_response_head(
    std::string& out, const Response& response, const ResponseHeadFacts& facts
) {
    out += "HTTP/1.1 ";
    out += std::to_string(response.status);
    out += ' ';
    out += reason_phrase(response.status);
    out += "\r\n";
    append_field(out, "Date", facts.date);
    append_field(out, "X-Request-Id", facts.request_id);
    append_field(out, "X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) {
        append_field(out, name, value);
    }
    const bool is_endless = response.source && response.source->is_endless();
    if (allows_body(response.status) && !is_endless) {
        append_field(out, "Content-Length", std::to_string(facts.length));
    }
    if (!facts.keeps_alive) {
        append_field(out, "Connection", "close");
    } else if (facts.is_http_1_0) {
        append_field(out, "Connection", "keep-alive");
    }
    out += "\r\n";
}

}  // namespace sluice::http
