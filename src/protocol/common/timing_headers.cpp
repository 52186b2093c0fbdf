#include "protocol/common/timing_headers.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"

namespace sluice::protocol {
namespace {

double milliseconds(Timings::Duration spent) {
    return std::chrono::duration<double, std::milli>(spent).count();
}

void append_entry(std::string& text, std::string_view name, Timings::Duration spent) {
    if (spent.count() > 0) {
        text += fmt::format("{};dur={:.1f}, ", name, milliseconds(spent));
    }
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
    text += fmt::format("total;dur={:.1f}", milliseconds(total));
    response.set("Server-Timing", std::move(text));
    if (!is_x_route(exchange.request.path)) {
        return;
    }
    response.set("x-response-time", fmt::format("{:.0f}", milliseconds(total)));
    // Sixteen digits, as X's; the same request has the same.
    response.set("x-transaction-id", sha256_hex(exchange.request.request_id).substr(0, 16));
    if (exchange.request.path.starts_with("/1.1/")) {
        response.set("x-access-level", "read-write-directmessages");
    }
}

}  // namespace sluice::protocol
