#include "http/response_head.hpp"

#include <algorithm>

namespace sluice::http {

namespace {

void append_field(std::string& out, std::string_view name, std::string_view value) {
    out += name;
    out += ": ";
    const auto begin = out.size();
    out += value;
    const auto is_control = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
    };
    std::replace_if(out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), is_control, ' ');
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
