#include "http/connection_budget.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::http {
namespace {

using std::chrono::seconds;
using Clock = std::chrono::steady_clock;

constexpr std::size_t last_resort_max = 64;
constexpr std::size_t long_heads_max = 256;
// A silent body or reader is given up after so long, and its connection is free.
constexpr seconds retry_after_max{30};

Counter& shed(Metrics& metrics, std::string_view how) {
    return metrics.counter(
        "sluice_http_connections_shed_total",
        "Connections that had to go because there were too many",
        {{"how", how}}
    );
}

}  // namespace

ConnectionBudget::ConnectionBudget(std::size_t max, Metrics& metrics)
    : max_(max),
      last_resort_(std::min(last_resort_max, std::max<std::size_t>(max / 8, 1))),
      idle_closed_(shed(metrics, "idle")),
      refused_(shed(metrics, "refused")),
      cut_(shed(metrics, "cut")),
      last_left_(Clock::now().time_since_epoch().count()) {
    metrics.gauge("sluice_http_connections_max", "Connections that there may be")
        .set(static_cast<std::int64_t>(max));
}

ConnectionBudget::Place ConnectionBudget::enter() {
    const std::size_t count = count_.fetch_add(1, std::memory_order_relaxed) + 1;
    const Kind kind = count > max_                  ? Kind::none
                      : count > max_ - last_resort_ ? Kind::last_resort
                                                    : Kind::usual;
    return {shared_from_this(), kind};
}

void ConnectionBudget::leave() {
    count_.fetch_sub(1, std::memory_order_relaxed);
    last_left_.store(Clock::now().time_since_epoch().count(), std::memory_order_relaxed);
}

std::shared_ptr<const void> ConnectionBudget::enter_long_head() {
    if (long_heads_.fetch_add(1, std::memory_order_relaxed) >= long_heads_max) {
        long_heads_.fetch_sub(1, std::memory_order_relaxed);
        return nullptr;
    }
    return {this, [self = shared_from_this()](const void*) {
                self->long_heads_.fetch_sub(1, std::memory_order_relaxed);
            }};
}

std::string ConnectionBudget::facts_of(Lack lack) const {
    const std::string max = std::to_string(max_);
    switch (lack) {
        case Lack::usual_place:
            return "The server takes " + max +
                   " connections, and nearly all are in use by others, none of them idle. The "
                   "last " +
                   std::to_string(last_resort_) + " answer calls without a body only.";
        case Lack::place:
            return "The server takes " + max +
                   " connections, and all are in use by others, none of them idle.";
        case Lack::file:
            return "The system lets the server open no more files, and a connection needs one; "
                   "none "
                   "of the others is idle.";
        case Lack::long_head:
            return "The server reads " + std::to_string(long_heads_max) +
                   " long heads at once, and as many are being read.";
    }
    std::unreachable();
}

// Where connections come and go a place is soon free; where none has ended for long, it may last.
Error ConnectionBudget::refusal(Lack lack) const {
    const Clock::duration since = Clock::now().time_since_epoch() -
                                  Clock::duration(last_left_.load(std::memory_order_relaxed));
    const auto wait = std::clamp(std::chrono::ceil<seconds>(since), seconds(1), retry_after_max);
    return {
        .code = ErrorCode::overloaded,
        .facts = facts_of(lack) + " Nothing of this request was read or changed.",
        .retry_after = wait,
    };
}

void ConnectionBudget::relieve() const {
    for (const auto& close_one_idle : relief_) {
        close_one_idle();
    }
}

}  // namespace sluice::http
