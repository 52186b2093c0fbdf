// Which answers are worth another try, and after how long. Pure; the randomness comes in as a
// number.
#pragma once

#include <chrono>
#include <optional>

namespace sluice::client {

inline constexpr int tries_max = 8;

// 408, 425, 429 and every 5xx but 501 and 505, which no waiting changes.
bool is_temporary(int status);

// Full jitter: a random part (`random` in [0, 1)) of 0.5 s doubled with each try, at most 30 s.
// What the server asked for in Retry-After is kept to in full, with a little jitter on top. `tries`
// made so far, at least 1.
std::chrono::milliseconds retry_delay(
    int tries, std::optional<std::chrono::seconds> retry_after, double random
);

}  // namespace sluice::client
