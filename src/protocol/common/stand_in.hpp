// The stand-ins for the calls that use media, as both versions of X's API have them: what a post, a
// message and the account need, and what the endpoints do alike. Each version has its own paths,
// bodies and answers.
#pragma once

#include <string>
#include <string_view>

#include "core/access_key.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

enum class StandIn : std::uint8_t { post, message, account };

// "POST", "MESSAGE", "ACCOUNT": the call in the timeline, the rates and the faults.
std::string_view call_of(StandIn kind);
// "x1.post"
std::string route_of(std::string_view version, StandIn kind);
// The one method that the call takes; HEAD goes with GET.
const char* method_of(StandIn kind);
bool takes_method(StandIn kind, std::string_view method);

// Errors: those of authorize() for the scope that the call needs.
Result<void> authorize_stand_in(const Exchange& exchange, StandIn kind);
// The account uses nothing, so its rate is asked here; the others' when their media is used.
Result<void> admit_account(const Context& context, Exchange& exchange);

Error parameter_missing(std::string facts);

}  // namespace sluice::protocol
