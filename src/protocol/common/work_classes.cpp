#include "protocol/common/work_classes.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "http/connection_limits.hpp"

namespace sluice::protocol {
namespace {

using std::chrono::seconds;

// What the estimate of retry_after looks back over.
constexpr seconds window{10};
// A body that is silent for so long is given up, and its place is free.
constexpr seconds retry_after_max{30};

constexpr std::array<std::string_view, 4> uncounted{"/livez", "/readyz", "/metrics", "/version"};

bool is_delivery(const http::Request& request) {
    return request.path.starts_with("/media/") && request.method == "GET";
}

bool says_append(const http::Request& request) {
    return request.path.ends_with("/append") || request.method == "PATCH" ||
           request.raw_query.find("command=APPEND") != std::string::npos;
}

// Those who come again share the places that become free. Without any, what stands still may do so
// for as long as it has already, and is given up in the end.
seconds wait_for(
    std::uint64_t turned_away, std::uint64_t left, std::chrono::duration<double> span
) {
    const double wait = left > 0 ? span.count() * static_cast<double>(turned_away) /
                                       static_cast<double>(left) / std::max(span.count(), 1.0)
                                 : span.count();
    return std::clamp(seconds(static_cast<std::int64_t>(wait) + 1), seconds(1), retry_after_max);
}

}  // namespace

std::optional<WorkClass> work_class_of(const http::Request& request) {
    if (std::ranges::find(uncounted, request.path) != uncounted.end()) {
        return std::nullopt;
    }
    // Media that is shorter is judged again when it begins.
    const bool is_long =
        request.is_chunked || request.content_length.value_or(0) > http::small_body_bytes;
    const bool is_bulk =
        is_long || is_delivery(request) || (request.has_body() && says_append(request));
    return is_bulk ? WorkClass::bulk : WorkClass::control;
}

WorkGate::WorkGate(
    Metrics& metrics, std::string_view name, std::string_view what, std::size_t bound
)
    : name_(name),
      what_(what),
      bound_(bound),
      running_(metrics.gauge("sluice_requests_in_work", "Requests being handled", {{"class", name}})
      ),
      shed_(metrics.counter(
          "sluice_requests_shed_total", "Requests turned away by a full class", {{"class", name}}
      )) {
    metrics
        .gauge(
            "sluice_requests_in_work_max", "Requests of a class handled at once", {{"class", name}}
        )
        .set(static_cast<std::int64_t>(bound));
}

Result<void> WorkGate::enter(std::size_t bound, std::optional<Time> now) {
    if (count_.fetch_add(1, std::memory_order_relaxed) >= bound) {
        count_.fetch_sub(1, std::memory_order_relaxed);
        shed_.add();
        return refusal(bound, now.value_or(std::chrono::steady_clock::now()));
    }
    running_.add(1);
    return ok();
}

void WorkGate::leave() {
    left_.fetch_add(1, std::memory_order_relaxed);
    take_back();
}

void WorkGate::take_back() {
    count_.fetch_sub(1, std::memory_order_relaxed);
    running_.add(-1);
}

Error WorkGate::refusal(std::size_t bound, Time now) {
    const std::lock_guard guard(mutex_);
    const std::uint64_t left_in_all = left_.load(std::memory_order_relaxed);
    if (now - since_ > window) {
        since_ = now;
        left_before_ = left_in_all;
        turned_away_ = 0;
    }
    turned_away_ += 1;
    const std::uint64_t left = left_in_all - left_before_;
    std::string facts = "The server handles " + std::to_string(bound) + " requests of the class " +
                        std::string(name_) + " (" + std::string(what_) +
                        ") at once, and so many are running. Since they filled it up or for " +
                        std::to_string(window.count()) + " seconds, " + std::to_string(left) +
                        " of them ended and " + std::to_string(turned_away_) +
                        " more were turned away. Nothing of this request was read or changed.";
    return {
        .code = ErrorCode::overloaded,
        .facts = std::move(facts),
        .retry_after = wait_for(turned_away_, left, now - since_),
    };
}

WorkClasses::WorkClasses(const WorkBounds& bounds, Metrics& metrics)
    : control_(metrics, "control", "STATUS, INIT, FINALIZE, lists and pages", bounds.control),
      bulk_(metrics, "bulk", "APPEND, uploads in one call, delivery", bounds.bulk) {}

Result<WorkSlot> WorkClasses::enter(const http::Request& request) {
    const auto of = work_class_of(request);
    if (!of) {
        return WorkSlot();
    }
    WorkGate& gate = *of == WorkClass::bulk ? bulk_ : control_;
    // A client may send its small body as slowly as it likes, and must not take the place of those who
    // only ask.
    const bool is_reserved = *of == WorkClass::control && request.has_body();
    const std::size_t bound = gate.bound() - (is_reserved ? gate.bound() / 4 : 0);
    auto entered = gate.enter(bound);
    return entered ? Result<WorkSlot>(WorkSlot(gate, *of)) : std::move(entered).error();
}

Result<void> WorkClasses::move_to_bulk(WorkSlot& slot) {
    if (slot.is(WorkClass::bulk)) {
        return ok();
    }
    if (auto entered = bulk_.enter(bulk_.bound()); !entered) {
        return entered;
    }
    slot = WorkSlot(bulk_, WorkClass::bulk);
    return ok();
}

}  // namespace sluice::protocol
