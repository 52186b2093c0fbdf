#include "http/response_head.hpp"

#include <cstdint>
#include <string_view>

#include "base/raw_text.hpp"

namespace sluice::http {

namespace {

// The fields that are ours, and the status line: beside what is of variable length.
constexpr std::size_t frame_bytes_max = 256;

std::size_t bytes_max(const Response& response, const ResponseHeadFacts& facts) {
    return frame_bytes_max + facts.request_id.size() + facts.date.size() +
           response.headers.text().size();
}

void put_head(RawText& out, const Response& response, const ResponseHeadFacts& facts) {
    out.text("HTTP/1.1 ");
    out.number(static_cast<std::uint64_t>(response.status));
    out.text(" ");
    out.text(reason_phrase(response.status));
    out.text("\r\nDate: ");
    out.text(facts.date);
    out.text("\r\nX-Request-Id: ");
    out.text(facts.request_id);
    out.text("\r\nX-Content-Type-Options: nosniff\r\n").text(response.headers.text());
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
