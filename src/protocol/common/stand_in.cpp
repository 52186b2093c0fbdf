#include "protocol/common/stand_in.hpp"

#include <array>

#include "protocol/common/credentials.hpp"
#include "protocol/common/rate_gate.hpp"

namespace sluice::protocol {
namespace {

struct Row {
    std::string_view call;
    std::string_view name;
    const char* method;
    Scope scope;
};

constexpr std::array<Row, 3> rows{{
    {"POST", "post", "POST", Scope::tweet_write},
    {"MESSAGE", "message", "POST", Scope::dm_write},
    {"ACCOUNT", "account", "GET", Scope::users_read},
}};

const Row& row_of(StandIn kind) {
    return rows[static_cast<std::size_t>(kind)];
}

}  // namespace

std::string_view call_of(StandIn kind) {
    return row_of(kind).call;
}

std::string route_of(std::string_view version, StandIn kind) {
    return std::string(version) + "." + std::string(row_of(kind).name);
}

const char* method_of(StandIn kind) {
    return row_of(kind).method;
}

bool takes_method(StandIn kind, std::string_view method) {
    const std::string_view wanted = row_of(kind).method;
    return method == wanted || (wanted == "GET" && method == "HEAD");
}

Result<void> authorize_stand_in(const Exchange& exchange, StandIn kind) {
    auto caller = authorize(exchange, row_of(kind).scope);
    return caller ? ok() : Result<void>(std::move(caller).error());
}

Result<void> admit_account(const Context& context, Exchange& exchange) {
    return RateGate(context, exchange).admit();
}

Error parameter_missing(std::string facts) {
    return {.code = ErrorCode::parameter_missing, .facts = std::move(facts)};
}

}  // namespace sluice::protocol
