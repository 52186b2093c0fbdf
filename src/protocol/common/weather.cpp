#include "protocol/common/weather.hpp"

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/error_catalogue.hpp"
#include "base/json_writer.hpp"
#include "http/response.hpp"
#include "protocol/common/problem.hpp"

namespace sluice::protocol {
namespace {

bool is_calm(const Context& context, const Exchange& exchange) {
    return context.faults == nullptr || !context.faults->any() || exchange.call.empty() ||
           !exchange.caller;
}

// The same for a repetition of the call, whoever made the id up.
std::string victim_of(const Exchange& exchange) {
    std::string victim = exchange.caller->principal.id + " ";
    victim += exchange.call;
    if (exchange.media_id && exchange.call != "INIT" && exchange.call != "ONE_SHOT") {
        victim += " " + exchange.media_id->text();
    }
    if (exchange.segment_index) {
        victim += " " + std::to_string(*exchange.segment_index);
    }
    return victim;
}

struct FaultyAnswer {
    int status;
    int x_code;
    std::string_view x_text;
    std::string_view title;
};

FaultyAnswer answer_of(FaultKind kind) {
    switch (kind) {
        case FaultKind::rate_limited:
            return {429, 88, "Rate limit exceeded", "Too Many Requests"};
        case FaultKind::internal:
            return {500, 131, "Internal error", "Internal Server Error"};
        default:
            return {503, 130, "Over capacity", "Service Unavailable"};
    }
}

std::string body_of(const FaultyAnswer& answer, bool is_v1) {
    JsonWriter json;
    json.begin_object().key("errors").begin_array().begin_object();
    json.member("message", answer.x_text).member("code", answer.x_code).end_object().end_array();
    if (!is_v1) {
        json.member("title", answer.title).member("detail", answer.title);
        json.member("type", "about:blank").member("status", answer.status);
    }
    return json.end_object().take();
}

// A rate that was never used up looks used up.
void keep_headers_of_the_rate(http::Response& to, const http::Response& from, bool is_used_up) {
    for (const auto& [name, value] : from.headers) {
        if (name.starts_with("x-rate-limit-")) {
            const bool is_remaining = name == "x-rate-limit-remaining";
            to.headers.add({name, is_remaining && is_used_up ? "0" : value});
        }
    }
}

http::Response faulty(const FaultRule& rule, const Exchange& exchange, const http::Response& was) {
    const bool is_v1 = exchange.request.path.starts_with("/1.1/");
    const FaultyAnswer answer = answer_of(rule.kind);
    http::Response response;
    response.status = answer.status;
    response.set(
        "Content-Type", is_v1 ? "application/json;charset=utf-8" : "application/problem+json"
    );
    add_error_headers(
        response,
        {.code = ErrorCode::fault_injected,
         .facts = "The rule " + std::string(name_of(rule.kind)) + " struck."},
        exchange.request
    );
    keep_headers_of_the_rate(response, was, rule.kind == FaultKind::rate_limited);
    response.body = body_of(answer, is_v1);
    response.route = was.route;
    return response;
}

bool replaces_answer(FaultKind kind) {
    return kind == FaultKind::over_capacity || kind == FaultKind::rate_limited ||
           kind == FaultKind::internal;
}

boost::asio::awaitable<void> strike(
    const FaultRule& rule, const Exchange& exchange, http::Response& response
) {
    if (replaces_answer(rule.kind)) {
        response = faulty(rule, exchange, response);
    } else if (rule.kind == FaultKind::cut) {
        response.cut_after_bytes = rule.cut_after_bytes;
        response.close = true;
        response.error_code = entry_of(ErrorCode::fault_injected).slug;
    } else {
        boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, rule.delay);
        co_await timer.async_wait(boost::asio::use_awaitable);
    }
    response.set("Sluice-Fault", std::string(name_of(rule.kind)));
}

}  // namespace

Result<void> weather_before(const Context& context, Exchange& exchange) {
    if (is_calm(context, exchange)) {
        return ok();
    }
    if (!exchange.is_weathered) {
        exchange.is_weathered = true;
        exchange.fault =
            context.faults->strike(exchange.call, FaultTime::before, victim_of(exchange));
    }
    if (!exchange.fault || exchange.fault->kind == FaultKind::slow) {
        return ok();
    }
    return Error{
        .code = ErrorCode::fault_injected,
        .facts = "The rule " + std::string(name_of(exchange.fault->kind)) + " struck.",
    };
}

boost::asio::awaitable<void> weather_after(
    const Context& context, Exchange& exchange, http::Response& response
) {
    if (context.faults == nullptr || exchange.call.empty() || !exchange.caller) {
        co_return;
    }
    const bool is_good = response.status < 400;
    if (!exchange.fault && is_good && context.faults->any()) {
        exchange.fault =
            context.faults->strike(exchange.call, FaultTime::after, victim_of(exchange));
    }
    if (exchange.fault) {
        co_await strike(*exchange.fault, exchange, response);
    }
    const bool is_lost = exchange.fault && exchange.fault->kind != FaultKind::slow;
    if (is_good && !is_lost) {
        context.faults->succeeded(victim_of(exchange));
    }
}

}  // namespace sluice::protocol
