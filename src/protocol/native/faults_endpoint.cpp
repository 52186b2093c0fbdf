#include "protocol/native/faults_endpoint.hpp"

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol::native {
namespace {

using boost::asio::awaitable;
using http::Response;

// Longer than any client waits.
constexpr std::uint64_t delay_ms_max = 600'000;

Response refused(const Error& error, const http::Request& request) {
    return problem_response(error, std::nullopt, request);
}

Error invalid(std::string_view name, std::string_view value, std::string_view wanted) {
    return {
        .code = ErrorCode::parameter_invalid,
        .facts = std::string(name) + " is \"" + printable(value) + "\"; it must be " +
                 std::string(wanted) + ".",
    };
}

Result<std::uint64_t> number_of(
    const Parameters& parameters, std::string_view name, std::uint64_t otherwise, std::uint64_t max
) {
    const auto text = parameters.find(name);
    if (!text) {
        return otherwise;
    }
    const auto number = parse_unsigned(*text);
    return number && *number <= max
               ? Result<std::uint64_t>(*number)
               : invalid(name, *text, "a number from 0 to " + std::to_string(max));
}

Result<void> take_numbers(FaultRule& rule, const Parameters& parameters) {
    const auto seed = number_of(parameters, "seed", rule.seed, UINT64_MAX);
    const auto delay = number_of(
        parameters, "delay_ms", static_cast<std::uint64_t>(rule.delay.count()), delay_ms_max
    );
    const auto cut = number_of(parameters, "cut_after_bytes", rule.cut_after_bytes, UINT32_MAX);
    for (const auto* number : {&seed, &delay, &cut}) {
        if (!*number) {
            return number->error();
        }
    }
    rule.seed = *seed;
    rule.delay = std::chrono::milliseconds(*delay);
    rule.cut_after_bytes = *cut;
    return ok();
}

Result<FaultRule> rule_of(const Parameters& parameters) {
    FaultRule rule;
    const auto kind = parse_fault_kind(parameters.get("kind"));
    const auto call = parse_fault_call(parameters.get("route"));
    const auto rate = parse_fault_rate(parameters.find("rate").value_or("1"));
    const auto when = parameters.find("when").value_or("before");
    if (!kind) {
        return invalid(
            "kind",
            parameters.get("kind"),
            "over_capacity, rate_limited, internal, slow, cut, processing_fails or processing_slow"
        );
    }
    if (!call) {
        return invalid(
            "route",
            parameters.get("route"),
            "any, init, append, finalize, status, one_shot, metadata, post, message or look_up"
        );
    }
    if (!rate) {
        return invalid("rate", parameters.get("rate"), "a number from 0 to 1");
    }
    if (when != "before" && when != "after") {
        return invalid("when", when, "before or after");
    }
    rule.kind = *kind;
    rule.call = *call;
    rule.rate = *rate;
    rule.when = when == "after" ? FaultTime::after : FaultTime::before;
    if (auto taken = take_numbers(rule, parameters); !taken) {
        return std::move(taken).error();
    }
    return rule;
}

Result<OpenedMedia> no_media(const Parameters&, std::optional<ByteCount>) {
    return Error{
        .code = ErrorCode::parameter_invalid,
        .facts = "A rule takes kind, route, rate, seed, when, delay_ms and cut_after_bytes.",
    };
}

void append_rule(JsonWriter& json, const FaultRuleState& state) {
    const FaultRule& rule = state.rule;
    json.begin_object().member("kind", name_of(rule.kind));
    json.member("route", rule.call.empty() ? "any" : lower_case(rule.call));
    json.member("rate", rule.rate).member("seed", rule.seed);
    json.member("when", rule.when == FaultTime::after ? "after" : "before");
    json.member("delay_ms", rule.delay.count()).member("cut_after_bytes", rule.cut_after_bytes);
    json.member("calls_seen", state.seen).member("calls_struck", state.struck).end_object();
}

Response state_of(const Faults& faults) {
    JsonWriter json;
    json.begin_object().key("rules").begin_array();
    for (const FaultRuleState& state : faults.rules()) {
        append_rule(json, state);
    }
    json.end_array().key("kinds").begin_object();
    FaultCounts sum;
    for (std::size_t i = 0; i < fault_kind_count; ++i) {
        const auto kind = static_cast<FaultKind>(i);
        const FaultCounts counts = faults.counts(kind);
        json.key(name_of(kind)).begin_object().member("injected", counts.injected);
        json.member("recovered", counts.recovered).end_object();
        sum.injected += counts.injected;
        sum.recovered += counts.recovered;
    }
    json.end_object().member("injected", sum.injected).member("recovered", sum.recovered);
    Response response;
    response.set("Content-Type", "application/json");
    response.set("Cache-Control", "no-store");
    response.body = json.end_object().take();
    return response;
}

}  // namespace

awaitable<Result<void>> FaultsEndpoint::add(Exchange& exchange, http::BodyReader& body) const {
    const auto type = exchange.request.header("Content-Type").value_or("");
    if (!type.starts_with("application/json")) {
        co_return Error{
            .code = ErrorCode::json_expected,
            .facts = "Content-Type is \"" + printable(type) + "\"; a rule is a JSON object.",
        };
    }
    const auto form = co_await receive_form(context_, exchange, body, {}, no_media);
    if (!form) {
        co_return form.error();
    }
    auto rule = rule_of((*form)->parameters);
    if (!rule) {
        co_return std::move(rule).error();
    }
    context_.faults->add(std::move(*rule));
    co_return ok();
}

awaitable<Response> FaultsEndpoint::handle(Exchange& exchange, http::BodyReader& body) const {
    const http::Request& request = exchange.request;
    Response response;
    const auto caller = identify(exchange);
    const bool is_get = request.method == "GET" || request.method == "HEAD";
    if (!caller) {
        response = refused(caller.error(), request);
    } else if (context_.faults == nullptr) {
        const Error error{
            .code = ErrorCode::dev_mode_only,
            .facts = "The server runs with --auth keys; faults would harm others.",
        };
        response = refused(error, request);
    } else if (request.method == "POST") {
        const auto added = co_await add(exchange, body);
        response = added ? state_of(*context_.faults) : refused(added.error(), request);
        response.status = added ? 201 : response.status;
    } else if (request.method == "DELETE") {
        context_.faults->clear();
        response = state_of(*context_.faults);
    } else if (is_get) {
        response = state_of(*context_.faults);
    } else {
        response = refused({.code = ErrorCode::method_not_allowed}, request);
        response.set("Allow", "GET, POST, DELETE");
    }
    response.route = "native.faults";
    co_return response;
}

}  // namespace sluice::protocol::native
