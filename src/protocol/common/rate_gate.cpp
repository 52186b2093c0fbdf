#include "protocol/common/rate_gate.hpp"

#include <algorithm>

#include "http/response.hpp"
#include "protocol/common/moment.hpp"
#include "protocol/common/weather.hpp"

namespace sluice::protocol {
namespace {

bool is_v2(const Exchange& exchange) {
    return exchange.request.path.starts_with("/2/");
}

bool is_of_x(const Exchange& exchange) {
    return is_v2(exchange) || exchange.request.path.starts_with("/1.1/");
}

// The resumable protocols' calls count with those of X that do the same.
std::string_view kind_of(std::string_view call) {
    if (call == "CREATE") {
        return "INIT";
    }
    return call == "PATCH" ? "APPEND" : call;
}

// A call that was refused before it was known which one it is counts as what its method says.
RateBucket bucket_of(const Exchange& exchange) {
    const bool is_get = exchange.request.method == "GET" || exchange.request.method == "HEAD";
    const auto bucket = rate_bucket_of(kind_of(exchange.call), is_v2(exchange));
    return bucket ? *bucket : *rate_bucket_of(is_get ? "STATUS" : "ONE_SHOT", is_v2(exchange));
}

// Without known credentials the address counts.
Principal address_of(const Exchange& exchange) {
    return {"address:" + exchange.request.peer};
}

const RateStanding& standing_of(const Context& context, Exchange& exchange) {
    if (!exchange.rate) {
        const WallTime now = now_of(context, exchange);
        const RateBucket bucket = bucket_of(exchange);
        exchange.rate = exchange.caller
                            ? context.rates->take(exchange.caller->principal, bucket, now)
                            : context.rates->take(address_of(exchange), bucket, now);
    }
    return *exchange.rate;
}

// Of a call that is answered: counted by now, and what became of it noted.
const RateStanding& settled(const Context& context, Exchange& exchange, RateOutcome outcome) {
    if (!exchange.caller) {
        return standing_of(context, exchange);
    }
    const Principal& who = exchange.caller->principal;
    if (!exchange.rate) {
        exchange.rate = context.rates->take_settled(
            who, bucket_of(exchange), now_of(context, exchange), outcome
        );
    } else if (!exchange.rate->is_over) {
        context.rates->note(who, exchange.rate->bucket, outcome);
    }
    return *exchange.rate;
}

Error over(const RateStanding& standing, WallTime now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(standing.resets - now);
    std::string facts(name_of(standing.bucket));
    facts += ": " + std::to_string(standing.limit.calls) + " of " +
             std::to_string(standing.limit.calls) + " calls in " +
             std::to_string(standing.limit.window.count()) + " s are used (" +
             std::to_string(standing.succeeded) + " succeeded, " +
             std::to_string(standing.refused) + " were refused for another cause), and " +
             std::to_string(standing.turned_away) + " more were turned away; the window ends at " +
             rfc3339(standing.resets) + ", in " + std::to_string(left.count()) + " s.";
    return {
        .code = ErrorCode::rate_limited,
        .facts = std::move(facts),
        .retry_after = std::max(left, std::chrono::seconds(1)),
    };
}

}  // namespace

Result<void> RateGate::admit_rate() const {
    if (context_.rates == nullptr || !standing_of(context_, exchange_).is_over) {
        return ok();
    }
    Error error = over(*exchange_.rate, context_.uploads.now());
    error.media_id = exchange_.media_id ? exchange_.media_id->value : 0;
    return error;
}

Result<void> RateGate::admit() const {
    auto admitted = admit_rate();
    return admitted ? weather_before(context_, exchange_) : std::move(admitted);
}

Error RateGate::admit_refused(Error mistake) const {
    auto admitted = admit_rate();
    if (admitted) {
        return mistake;
    }
    admitted.error().facts += " Besides: " + mistake.facts;
    return std::move(admitted).error();
}

void settle_rate(const Context& context, Exchange& exchange, http::Response& response) {
    // Of the resumable protocols only the calls count that were counted when they came in.
    if (context.rates == nullptr || (!is_of_x(exchange) && !exchange.rate)) {
        return;
    }
    const RateStanding& standing = settled(
        context, exchange, response.status >= 400 ? RateOutcome::refused : RateOutcome::succeeded
    );
    const auto resets = std::chrono::ceil<std::chrono::seconds>(standing.resets.time_since_epoch());
    response.set("x-rate-limit-limit", standing.limit.calls);
    response.set("x-rate-limit-remaining", standing.remaining());
    response.set("x-rate-limit-reset", static_cast<std::uint64_t>(resets.count()));
}

}  // namespace sluice::protocol
