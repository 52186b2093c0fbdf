#include "service/rate_limiter.hpp"

#include <algorithm>

namespace sluice {

MemoryRateLimiter::MemoryRateLimiter(const RateLimits& limits, std::size_t principals_max)
    : limits_(limits), per_shard_max_(std::max<std::size_t>(1, principals_max / shard_count)) {}

MemoryRateLimiter::Shard& MemoryRateLimiter::shard_of(const Principal& who) {
    return shards_[std::hash<std::string_view>()(who.id) % shard_count];
}

MemoryRateLimiter::Entry& MemoryRateLimiter::entry_of(Shard& shard, const Principal& who) const {
    const auto found = shard.by_principal.find(who.id);
    if (found != shard.by_principal.end()) {
        shard.by_age.splice(shard.by_age.begin(), shard.by_age, found->second);
        return *found->second;
    }
    if (shard.by_age.size() >= per_shard_max_) {
        shard.by_principal.erase(shard.by_age.back().principal);
        shard.by_age.pop_back();
    }
    shard.by_age.push_front({who.id, {}});
    shard.by_principal.emplace(shard.by_age.front().principal, shard.by_age.begin());
    return shard.by_age.front();
}

RateStanding MemoryRateLimiter::take(const Principal& who, RateBucket bucket, WallTime now) {
    const RateLimit& limit = limits_.of(bucket);
    Shard& shard = shard_of(who);
    const std::scoped_lock lock(shard.mutex);
    Window& window = entry_of(shard, who).windows[static_cast<std::size_t>(bucket)];
    if (now >= window.resets) {
        window = {.resets = now + limit.window};
    }
    const bool is_over = window.used >= limit.calls;
    (is_over ? window.turned_away : window.used) += 1;
    return {
        .bucket = bucket,
        .limit = limit,
        .used = window.used,
        .succeeded = window.succeeded,
        .refused = window.refused,
        .turned_away = window.turned_away,
        .resets = window.resets,
        .is_over = is_over,
    };
}

void MemoryRateLimiter::note(const Principal& who, RateBucket bucket, RateOutcome outcome) {
    Shard& shard = shard_of(who);
    const std::scoped_lock lock(shard.mutex);
    Window& window = entry_of(shard, who).windows[static_cast<std::size_t>(bucket)];
    (outcome == RateOutcome::succeeded ? window.succeeded : window.refused) += 1;
}

std::size_t MemoryRateLimiter::principals() const {
    std::size_t count = 0;
    for (const Shard& shard : shards_) {
        const std::scoped_lock lock(shard.mutex);
        count += shard.by_age.size();
    }
    return count;
}

}  // namespace sluice
