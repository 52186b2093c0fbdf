#include "client/retry.hpp"

#include <algorithm>

namespace sluice::client {

using std::chrono::milliseconds;

bool is_temporary(int status) {
    if (status == 408 || status == 425 || status == 429) {
        return true;
    }
    return status >= 500 && status != 501 && status != 505;
}

milliseconds retry_delay(
    int tries, std::optional<std::chrono::seconds> retry_after, double random
) {
    constexpr auto first = 500.0;
    constexpr auto longest = 30'000.0;
    const auto ceiling =
        std::min(longest, first * static_cast<double>(1U << std::min(tries - 1, 16)));
    if (!retry_after) {
        return milliseconds(static_cast<std::int64_t>(ceiling * random));
    }
    return *retry_after + milliseconds(static_cast<std::int64_t>(first * random));
}

}  // namespace sluice::client
