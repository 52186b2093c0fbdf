// Hint: one line of what nodes tell each other beside the database. Text on the wire: the sender, the
// kind, and fields of the kind, separated by tabs. What cannot be read is nothing: it came from a node
// of another version. Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/in_flight.hpp"
#include "service/live_events.hpp"
#include "service/rate_limiter.hpp"

namespace sluice {

enum class HintKind : std::uint8_t {
    job_added,      // -
    job_cancelled,  // id
    stream_taken,   // id, number: the token that is over; 0: of whatever request
    settle,         // id, number of the question, to: the node that has the stream
    appends,        // id, number of the question
    answer,         // number of the question, to, running
    event,          // event
    rate,           // rate: all calls in a window
    nodes_changed,  // - : one has come
    gap,            // - : more happened than could be told
};

struct Hint {
    std::uint64_t from = 0;  // incarnation of the sender
    HintKind kind{};
    MediaId id;
    std::uint64_t number = 0;
    std::uint64_t to = 0;  // number of the node that is meant; 0: all
    RunningAppends running = {};
    std::optional<LiveEvent> event = std::nullopt;
    std::optional<MemoryRateLimiter::Unshared> rate = std::nullopt;
};

std::string encode(const Hint& hint);
std::optional<Hint> decode(std::string_view line);

// As many lines as fit in each payload of at most `payload_max` bytes; a line that is longer is left
// out. And back.
std::vector<std::string> packed(const std::vector<std::string>& lines, std::size_t payload_max);
std::vector<std::string_view> unpacked(std::string_view payload);

}  // namespace sluice
