#include "http/response_head.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace sluice::http {

namespace {

constexpr std::string_view blank = ": ";
constexpr std::string_view end_of_line = "\r\n";
constexpr std::size_t digits_max = 20;
// The fields that are ours, and the status line: beside what is of variable length.
constexpr std::size_t frame_bytes_max = 256;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Writes into memory that is known to be long enough.
class Writer {
  public:
    explicit Writer(char* to) : to_(to) {}

    void text(std::string_view text) { to_ = std::copy_n(text.begin(), text.size(), to_); }
    // Without a branch, so that the compiler takes many at a time.
    void value(std::string_view value) {
        for (std::size_t i = 0; i < value.size(); ++i) {
            to_[i] = is_control(value[i]) ? ' ' : value[i];
        }
        to_ += value.size();
    }
    void number(std::uint64_t number) { to_ = std::to_chars(to_, to_ + digits_max, number).ptr; }
    void field(std::string_view name, std::string_view of) {
        text(name);
        text(blank);
        value(of);
        text(end_of_line);
    }
    char* end() const { return to_; }

  private:
    char* to_;
};

std::size_t bytes_max(const Response& response, const ResponseHeadFacts& facts) {
    std::size_t bytes = frame_bytes_max + facts.request_id.size() + facts.date.size();
    for (const auto& [name, value] : response.headers) {
        bytes += std::string_view(name).size() + value.size() + blank.size() + end_of_line.size();
    }
    return bytes;
}

char* write_head(char* to, const Response& response, const ResponseHeadFacts& facts) {
    Writer out(to);
    out.text("HTTP/1.1 ");
    out.number(static_cast<std::uint64_t>(response.status));
    out.text(" ");
    out.text(reason_phrase(response.status));
    out.text("\r\nDate: ");
    out.text(facts.date);
    out.text("\r\nX-Request-Id: ");
    out.value(facts.request_id);
    out.text("\r\nX-Content-Type-Options: nosniff\r\n");
    for (const auto& [name, value] : response.headers) {
        out.field(name, value);
    }
    const bool is_endless = response.source && response.source->is_endless();
    if (allows_body(response.status) && !is_endless) {
        out.text("Content-Length: ");
        out.number(facts.length);
        out.text(end_of_line);
    }
    if (!facts.keeps_alive) {
        out.text("Connection: close\r\n");
    } else if (facts.is_http_1_0) {
        out.text("Connection: keep-alive\r\n");
    }
    out.text(end_of_line);
    return out.end();
}

}  // namespace

bool allows_body(int status) {
    return status >= 200 && status != 204 && status != 304;
}

void append_response_head(
    std::string& out, const Response& response, const ResponseHeadFacts& facts
) {
    const std::size_t before = out.size();
    const std::size_t most = before + bytes_max(response, facts);
    out.resize_and_overwrite(most, [&](char* memory, std::size_t) {
        return static_cast<std::size_t>(write_head(memory + before, response, facts) - memory);
    });
}

}  // namespace sluice::http
