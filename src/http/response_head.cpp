#include "http/response_head.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/raw_text.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t around_field_bytes = 4;  // ": " and the end of the line
// The fields that are ours, and the status line: beside what is of variable length.
constexpr std::size_t frame_bytes_max = 256;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Eight characters at once; those behind a control may be taken for one, too.
bool may_have_control(const char* characters) {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
    std::uint64_t word = 0;
    std::memcpy(&word, characters, sizeof word);
    const std::uint64_t below = (word - ones * 0x20) & ~word;
    const std::uint64_t deletes = word ^ (ones * 0x7f);
    return ((below | ((deletes - ones) & ~deletes)) & (ones << 7U)) != 0;
}

bool may_have_control(std::string_view text) {
    if (text.size() < 8) {
        return std::ranges::any_of(text, is_control);
    }
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) {
        if (may_have_control(text.data() + at)) {
            return true;
        }
    }
    return may_have_control(text.data() + text.size() - 8);  // with some that were seen already
}

void put_value(RawText& out, std::string_view value) {
    char* const to = out.end();
    out.text(value);
    if (may_have_control(value)) {
        std::replace_if(to, out.end(), is_control, ' ');
    }
}

std::size_t bytes_max(const Response& response, const ResponseHeadFacts& facts) {
    std::size_t bytes = frame_bytes_max + facts.request_id.size() + facts.date.size();
    for (const auto& [name, value] : response.headers) {
        bytes +=
            std::string_view(name).size() + std::string_view(value).size() + around_field_bytes;
    }
    return bytes;
}

void put_head(RawText& out, const Response& response, const ResponseHeadFacts& facts) {
    out.text("HTTP/1.1 ");
    out.number(static_cast<std::uint64_t>(response.status));
    out.text(" ");
    out.text(reason_phrase(response.status));
    out.text("\r\nDate: ");
    out.text(facts.date);
    out.text("\r\nX-Request-Id: ");
    put_value(out, facts.request_id);
    out.text("\r\nX-Content-Type-Options: nosniff\r\n");
    for (const auto& [name, value] : response.headers) {
        out.text(name).text(": ");
        value.is_lent() ? static_cast<void>(out.text(value)) : put_value(out, value);
        out.text("\r\n");
    }
    const bool is_endless = response.source && response.source->is_endless();
    if (allows_body(response.status) && !is_endless) {
        out.text("Content-Length: ");
        out.number(facts.length);
        out.text("\r\n");
    }
    if (!facts.keeps_alive) {
        out.text("Connection: close\r\n");
    } else if (facts.is_http_1_0) {
        out.text("Connection: keep-alive\r\n");
    }
    out.text("\r\n");
}

}  // namespace

bool allows_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

void append_response_head(
    std::string& out, const Response& response, const ResponseHeadFacts& facts
) {
    append_raw(out, bytes_max(response, facts), [&](RawText& text) {
        put_head(text, response, facts);
    });
}

}  // namespace sluice::http
