#include "nodes/rate_sharing.hpp"

#include <utility>
#include <vector>

namespace sluice {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds pause_after_failure{1};
constexpr std::chrono::minutes sweep_pause{10};

}  // namespace

void RateSharing::share() {
    const auto now = Steady::now();
    if (now < next_try_) {
        return;
    }
    const auto unshared = rates_.take_unshared();
    if (unshared.empty()) {
        return;
    }
    std::vector<RateCount> counts;
    counts.reserve(unshared.size());
    for (const auto& one : unshared) {
        counts.push_back({
            .principal = one.principal,
            .bucket = static_cast<std::uint64_t>(one.bucket),
            .resets = one.resets,
            .used = one.calls,
        });
    }
    const auto sums = store_.add_rates(std::move(counts), clock_.now());
    if (!sums) {
        for (const auto& one : unshared) {
            rates_.put_back(one);
        }
        next_try_ = now + pause_after_failure;
        return;
    }
    for (const RateCount& one : *sums) {
        const MemoryRateLimiter::Unshared sum{
            one.principal, static_cast<RateBucket>(one.bucket), one.resets, one.used
        };
        rates_.learn(sum);
        const std::uint64_t limit = rates_.limits().of(sum.bucket).calls;
        if (sum.calls >= limit - limit / 10) {
            tell_(sum);
        }
    }
    if (now >= swept_at_ + sweep_pause) {
        swept_at_ = now;
        static_cast<void>(store_.forget_rates(clock_.now()));
    }
}

}  // namespace sluice
