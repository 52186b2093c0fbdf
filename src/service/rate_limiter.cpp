#include "service/rate_limiter.hpp"

#include <algorithm>
#include <utility>

namespace sluice {
namespace {

constexpr int silent_max = 64;
// A window that ends later than one that begins now was begun by a clock that was wrong: nobody is
// turned away until that time comes. Those of other nodes differ a little.
constexpr std::chrono::minutes clock_slack{1};

}  // namespace

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
    shard.by_age.push_front({who.id, {}, false});
    shard.by_principal.emplace(shard.by_age.front().principal, shard.by_age.begin());
    return shard.by_age.front();
}

RateStanding MemoryRateLimiter::take(const Principal& who, RateBucket bucket, WallTime now) {
    return take_counted(who, bucket, now, std::nullopt);
}

RateStanding MemoryRateLimiter::take_settled(
    const Principal& who, RateBucket bucket, WallTime now, RateOutcome outcome
) {
    return take_counted(who, bucket, now, outcome);
}

RateStanding MemoryRateLimiter::take_counted(
    const Principal& who, RateBucket bucket, WallTime now, std::optional<RateOutcome> outcome
) {
    const RateLimit& limit = limits_.of(bucket);
    Shard& shard = shard_of(who);
    const std::scoped_lock lock(shard.mutex);
    Entry& entry = entry_of(shard, who);
    Window& window = entry.windows[static_cast<std::size_t>(bucket)];
    if (now >= window.resets || window.resets > now + limit.window + clock_slack) {
        window = {.resets = now + limit.window};
    }
    const bool is_over = window.used >= limit.calls;
    (is_over ? window.turned_away : window.used) += 1;
    window.unshared += is_over ? 0 : 1;
    entry.has_unshared = entry.has_unshared || !is_over;
    if (outcome && !is_over) {
        count(window, *outcome);
    }
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
    count(entry_of(shard, who).windows[static_cast<std::size_t>(bucket)], outcome);
}

void MemoryRateLimiter::count(Window& window, RateOutcome outcome) {
    (outcome == RateOutcome::succeeded ? window.succeeded : window.refused) += 1;
}

std::vector<MemoryRateLimiter::Unshared> MemoryRateLimiter::take_unshared() {
    std::vector<Unshared> all;
    for (Shard& shard : shards_) {
        const std::scoped_lock lock(shard.mutex);
        // Those who called last come first; behind many who have nothing to tell, nobody has.
        int silent = 0;
        for (auto entry = shard.by_age.begin(); entry != shard.by_age.end() && silent <= silent_max;
             ++entry) {
            silent = entry->has_unshared ? 0 : silent + 1;
            take_unshared(*entry, all);
        }
    }
    return all;
}

void MemoryRateLimiter::take_unshared(Entry& entry, std::vector<Unshared>& all) {
    for (std::size_t i = 0; entry.has_unshared && i < rate_bucket_count; ++i) {
        Window& window = entry.windows[i];
        if (window.unshared > 0) {
            all.push_back(
                {entry.principal,
                 static_cast<RateBucket>(i),
                 window.resets,
                 std::exchange(window.unshared, 0)}
            );
        }
    }
    entry.has_unshared = false;
}

void MemoryRateLimiter::learn(const Unshared& sum) {
    const Principal who{sum.principal};
    Shard& shard = shard_of(who);
    const std::scoped_lock lock(shard.mutex);
    Window& window = entry_of(shard, who).windows[static_cast<std::size_t>(sum.bucket)];
    const bool is_of_before = sum.resets < window.resets && sum.calls < window.used;
    if (!is_of_before) {
        window.resets = sum.resets;
        window.used = std::min(sum.calls + window.unshared, limits_.of(sum.bucket).calls);
    }
}

void MemoryRateLimiter::put_back(const Unshared& calls) {
    const Principal who{calls.principal};
    Shard& shard = shard_of(who);
    const std::scoped_lock lock(shard.mutex);
    Entry& entry = entry_of(shard, who);
    entry.windows[static_cast<std::size_t>(calls.bucket)].unshared += calls.calls;
    entry.has_unshared = true;
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
