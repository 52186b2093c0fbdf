#include "protocol/common/timing_headers.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace sluice::protocol {
namespace {

// Rounded, "12.3".
void append_milliseconds(std::string& text, Timings::Duration spent) {
    using Tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
    const auto tenths = std::chrono::round<Tenths>(spent).count();
    text += std::to_string(tenths / 10);
    text += '.';
    text += static_cast<char>('0' + (tenths % 10));
}

void append_entry(std::string& text, std::string_view name, Timings::Duration spent) {
    if (spent.count() > 0) {
        text += name;
        text += ";dur=";
        append_milliseconds(text, spent);
        text += ", ";
    }
}

// Sixteen digits, as X's; the same request has the same. FNV-1a.
std::string transaction_id_of(std::string_view request_id) {
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;
    for (const char c : request_id) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01b3U;
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string text(16, '0');
    for (char& digit : text) {
        digit = digits[hash >> 60U];
        hash <<= 4U;
    }
    return text;
}

bool is_x_route(std::string_view path) {
    return path.starts_with("/1.1/") || path.starts_with("/2/") || path.starts_with("/i/");
}

}  // namespace

void add_timing_headers(http::Response& response, const Exchange& exchange) {
    const Timings& timings = exchange.timings;
    const auto total = Timings::Clock::now() - timings.started;
    std::string text;
    append_entry(text, "auth", timings.auth);
    append_entry(text, "body", timings.body);
    append_entry(text, "store", timings.store);
    text += "total;dur=";
    append_milliseconds(text, total);
    response.set("Server-Timing", std::move(text));
    if (!is_x_route(exchange.request.path)) {
        return;
    }
    const auto whole = std::chrono::round<std::chrono::milliseconds>(total).count();
    response.set("x-response-time", std::to_string(whole));
    response.set("x-transaction-id", transaction_id_of(exchange.request.request_id));
    if (exchange.request.path.starts_with("/1.1/")) {
        response.set("x-access-level", "read-write-directmessages");
    }
}

}  // namespace sluice::protocol
