#include "protocol/common/timing_headers.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "base/raw_text.hpp"

namespace sluice::protocol {
namespace {

// Rounded, "12.3".
void put_milliseconds(RawText& text, Timings::Duration spent) {
    using Tenths = std::chrono::duration<std::int64_t, std::ratio<1, 10'000>>;
    const auto tenths = static_cast<std::uint64_t>(
        std::max(std::chrono::round<Tenths>(spent).count(), std::int64_t{0})
    );
    text.number(tenths / 10).text(".").number(tenths % 10);
}

void put_entry(RawText& text, std::string_view name, Timings::Duration spent) {
    if (spent.count() > 0) {
        text.text(name).text(";dur=");
        put_milliseconds(text, spent);
        text.text(", ");
    }
}

constexpr std::size_t entry_bytes_max = 5 + 5 + RawText::digits_max + 2 + 2;

std::string_view server_timing(
    std::span<char> memory, const Timings& timings, Timings::Duration total
) {
    RawText text(memory.data(), memory.size());
    put_entry(text, "auth", timings.auth);
    put_entry(text, "body", timings.body);
    put_entry(text, "store", timings.store);
    text.text("total;dur=");
    put_milliseconds(text, total);
    return {memory.data(), text.end()};
}

// Sixteen digits, as X's; the same request has the same. Eight characters at once.
std::array<char, 16> transaction_id_of(std::string_view request_id) {
    std::uint64_t hash = 0xcbf2'9ce4'8422'2325U;
    while (!request_id.empty()) {
        std::uint64_t word = 0;
        const std::size_t length = std::min(request_id.size(), sizeof word);
        std::memcpy(&word, request_id.data(), length);
        request_id.remove_prefix(length);
        hash = (hash ^ word ^ length) * 0x9e37'79b9'7f4a'7c15U;
        hash ^= hash >> 32U;
    }
    static constexpr std::string_view digits = "0123456789abcdef";
    std::array<char, 16> text{};
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

void add_timing_headers(
    http::Response& response, const Exchange& exchange, Timings::Duration total
) {
    std::array<char, 4 * entry_bytes_max> memory{};
    response.set("Server-Timing", server_timing(memory, exchange.timings, total));
    if (!is_x_route(exchange.request.path)) {
        return;
    }
    const auto whole = std::chrono::round<std::chrono::milliseconds>(total).count();
    response.set("x-response-time", static_cast<std::uint64_t>(whole));
    const auto id = transaction_id_of(exchange.request.request_id);
    response.set("x-transaction-id", std::string_view(id.data(), id.size()));
    if (exchange.request.path.starts_with("/1.1/")) {
        response.set("x-access-level", "read-write-directmessages");
    }
}

}  // namespace sluice::protocol
