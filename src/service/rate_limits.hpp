// Which calls are counted together, and how many of them one principal may make in a window of time.
// One table (rate_limits.cpp) has the name of each bucket, X's number and ours. Values.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice {

// X counts each command of v1.1 and each path of v2 on its own (reference x-media-api, 2.1 and 3.6).
enum class RateBucket : std::uint8_t {
    v1_one_shot,
    v1_init,
    v1_append,
    v1_finalize,
    v1_status,
    v1_metadata,
    v1_subtitles,
    v1_post,
    v1_message,
    v1_account,
    v2_one_shot,
    v2_init,
    v2_append,
    v2_finalize,
    v2_status,
    v2_metadata,
    v2_subtitles,
    v2_post,
    v2_message,
    v2_account,
    v2_look_up,
};
inline constexpr std::size_t rate_bucket_count = 21;

struct RateLimit {
    std::uint64_t calls = 0;
    std::chrono::seconds window{0};
    bool operator==(const RateLimit&) const = default;
};

struct RateLimits {
    // Ours: no program that means well meets them.
    RateLimits();
    static RateLimits of_x();

    const RateLimit& of(RateBucket bucket) const {
        return by_bucket[static_cast<std::size_t>(bucket)];
    }

    std::array<RateLimit, rate_bucket_count> by_bucket;
};

// "v1.init"
std::string_view name_of(RateBucket bucket);
// The bucket of a call ("INIT", as an exchange names it) of v1.1 or v2.
std::optional<RateBucket> rate_bucket_of(std::string_view call, bool is_v2);

// "400/15m": calls per seconds, minutes (m), hours (h) or days (d).
std::optional<RateLimit> parse_rate_limit(std::string_view text);
// Sets what `name` names: "init" in both versions, "v1.init" in one. False if nothing has this name.
bool set_rate_limit(RateLimits& limits, std::string_view name, RateLimit limit);

}  // namespace sluice
