#include "protocol/common/too_many_logins.hpp"

#include <algorithm>
#include <chrono>

#include "base/error_catalogue.hpp"

namespace sluice::protocol {

Error too_many(const FailedLogins::Excess& excess, const Error& refused, WallTime now) {
    const auto left = std::chrono::ceil<std::chrono::seconds>(excess.resets - now);
    return {
        .code = ErrorCode::too_many_failed_logins,
        .facts = std::to_string(excess.failures) + " calls with wrong credentials came " +
                 std::string(excess.whose) + " within " +
                 std::to_string(excess.limit.window.count()) + " s, " +
                 std::to_string(excess.limit.calls) + " are allowed; the window ends at " +
                 rfc3339(excess.resets) + ". Right credentials are taken at once. This call: " +
                 std::string(entry_of(refused.code).slug) + ". " + refused.facts,
        .retry_after = std::max(left, std::chrono::seconds(1)),
    };
}

}  // namespace sluice::protocol
