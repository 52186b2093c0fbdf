#include "service/rate_limits.hpp"

#include "base/text.hpp"

namespace sluice {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

// Far above what a machine can ask: the headers need a number.
constexpr RateLimit ours{100'000'000, minutes(15)};

struct Row {
    std::string_view name;
    std::string_view call;
    RateLimit x;
};

// v1.1: recorded in 2021, per hour, posts and messages as X documented them; what was not recorded is
// taken from its neighbours. v2: X's documents, per user and 15 minutes; the look-up of media is not
// in them and has the number of other look-ups.
constexpr std::array<Row, rate_bucket_count> rows{{
    {"v1.one_shot", "ONE_SHOT", {415, hours(1)}},
    {"v1.init", "INIT", {200, hours(1)}},
    {"v1.append", "APPEND", {20'000, hours(1)}},
    {"v1.finalize", "FINALIZE", {615, hours(1)}},
    {"v1.status", "STATUS", {4'000, hours(1)}},
    {"v1.metadata", "METADATA", {2'000, hours(1)}},
    {"v1.subtitles", "SUBTITLES", {400, hours(1)}},
    {"v1.post", "POST", {300, hours(3)}},
    {"v1.message", "MESSAGE", {1'000, hours(24)}},
    {"v1.account", "ACCOUNT", {75, minutes(15)}},
    {"v2.one_shot", "ONE_SHOT", {500, minutes(15)}},
    {"v2.init", "INIT", {1'875, minutes(15)}},
    {"v2.append", "APPEND", {1'875, minutes(15)}},
    {"v2.finalize", "FINALIZE", {1'875, minutes(15)}},
    {"v2.status", "STATUS", {1'000, minutes(15)}},
    {"v2.metadata", "METADATA", {500, minutes(15)}},
    {"v2.subtitles", "SUBTITLES", {100, minutes(15)}},
    {"v2.post", "POST", {100, minutes(15)}},
    {"v2.message", "MESSAGE", {15, minutes(15)}},
    {"v2.account", "ACCOUNT", {75, minutes(15)}},
    {"v2.look_up", "LOOK_UP", {900, minutes(15)}},
}};
constexpr std::size_t buckets_of_v1 = 10;

// "SUBTITLES_CREATE" is of the kind SUBTITLES.
bool is_of_kind(std::string_view call, std::string_view kind) {
    return call == kind || (call.starts_with(kind) && call[kind.size()] == '_');
}

}  // namespace

RateLimits::RateLimits() {
    by_bucket.fill(ours);
}

RateLimits RateLimits::of_x() {
    RateLimits limits;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        limits.by_bucket[i] = rows[i].x;
    }
    return limits;
}

std::string_view name_of(RateBucket bucket) {
    return rows[static_cast<std::size_t>(bucket)].name;
}

std::optional<RateBucket> rate_bucket_of(std::string_view call, bool is_v2) {
    const std::size_t first = is_v2 ? buckets_of_v1 : 0;
    const std::size_t last = is_v2 ? rows.size() : buckets_of_v1;
    for (std::size_t i = first; i < last; ++i) {
        if (is_of_kind(call, rows[i].call)) {
            return static_cast<RateBucket>(i);
        }
    }
    return std::nullopt;
}

std::optional<RateLimit> parse_rate_limit(std::string_view text) {
    const auto slash = text.find('/');
    if (slash == std::string_view::npos || slash + 1 == text.size()) {
        return std::nullopt;
    }
    std::string_view window = text.substr(slash + 1);
    const char unit = window.back();
    const std::uint64_t seconds = unit == 'm' ? 60 : unit == 'h' ? 3600 : unit == 'd' ? 86400 : 1;
    if (seconds > 1 || unit == 's') {
        window.remove_suffix(1);
    }
    const auto calls = parse_unsigned(text.substr(0, slash));
    const auto number = window.empty() ? std::optional<std::uint64_t>(1) : parse_unsigned(window);
    constexpr std::uint64_t number_max = 1'000'000;
    if (!calls || !number || *number == 0 || *number > number_max) {
        return std::nullopt;
    }
    return RateLimit{*calls, std::chrono::seconds(*number * seconds)};
}

bool set_rate_limit(RateLimits& limits, std::string_view name, RateLimit limit) {
    bool is_known = false;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        if (rows[i].name == name || rows[i].name.substr(3) == name) {
            limits.by_bucket[i] = limit;
            is_known = true;
        }
    }
    return is_known;
}

}  // namespace sluice
