// What is answered to wrong credentials beyond the limit of FailedLogins: how many came, what is allowed, and from when on again.
#pragma once

#include "base/error.hpp"
#include "service/failed_logins.hpp"

namespace sluice::protocol {

// `refused`: what this call was answered by itself.
Error too_many(const FailedLogins::Excess& excess, const Error& refused, WallTime now);

}  // namespace sluice::protocol
