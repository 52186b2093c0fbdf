#include "http/pace.hpp"

#include <algorithm>
#include <utility>

namespace sluice::http {

std::optional<Pace::TooSlow> Pace::judge(Duration waited, std::uint64_t moved) {
    waited_ += waited;
    if (waited_ < limits_.progress_span) {
        return std::nullopt;
    }
    const TooSlow seen{moved - std::exchange(moved_before_, moved), std::exchange(waited_, {})};
    const bool is_fair = !budget_.is_tight() || seen.bytes >= limits_.progress_bytes;
    return is_fair ? std::nullopt : std::optional(seen);
}

Lingering::Lingering(const ConnectionLimits& limits, std::uint64_t received, bool is_brief)
    : limits_(limits),
      received_first_(received),
      ends_(std::chrono::steady_clock::now() + (is_brief ? limits.linger : limits.linger_whole)),
      span_ends_(std::chrono::steady_clock::now() + limits.linger),
      received_before_(received) {}

std::chrono::milliseconds Lingering::time_left(std::uint64_t received) {
    const Time now = std::chrono::steady_clock::now();
    if (now >= span_ends_) {
        if (received - received_before_ < limits_.linger_bytes_min) {
            return {};
        }
        received_before_ = received;
        span_ends_ = now + limits_.linger;
    }
    const auto left = std::min(span_ends_, ends_) - now;
    return std::max(std::chrono::ceil<std::chrono::milliseconds>(left), {});
}

std::uint64_t Lingering::bytes_left(std::uint64_t received) const {
    const std::uint64_t used = received - received_first_;
    return limits_.linger_bytes_max - std::min(used, limits_.linger_bytes_max);
}

}  // namespace sluice::http
