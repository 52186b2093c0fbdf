#include "service/polling.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace sluice {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A client that sleeps for as long as it was told may still be a little early by another clock.
constexpr milliseconds early_max{100};
// What a client that asks too early is told on top, at most.
constexpr std::int64_t growth_max = 5;

std::string seconds_of(milliseconds duration) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.2f", static_cast<double>(duration.count()) / 1000.0);
    return text.data();
}

// At most half as long again (and one second), so that whoever begins to obey is not punished.
seconds grown(seconds advice, std::uint32_t early_count) {
    const std::int64_t most = std::min(growth_max, advice.count() / 2 + 1);
    return advice + seconds(std::min<std::int64_t>(early_count, most));
}

Error too_fast(MediaId id, seconds advice, milliseconds asked_after, std::uint32_t per_second) {
    return {
        .code = ErrorCode::polling_too_fast,
        .facts = "STATUS of this upload came " + seconds_of(asked_after) +
                 " s after the one before; advised were " + std::to_string(advice.count()) +
                 " s (check_after_secs), and more than " + std::to_string(per_second) +
                 " per second are refused.",
        .media_id = id.value,
        .retry_after = advice,
    };
}

}  // namespace

Polling::Entry& Polling::entry_of(const Principal& owner, MediaId id, WallTime now) {
    const std::string key = id.text() + " " + owner.id;
    if (const auto found = by_key_.find(key); found != by_key_.end()) {
        entries_.splice(entries_.begin(), entries_, found->second);
        return entries_.front();
    }
    if (entries_.size() >= uploads_max) {
        by_key_.erase(entries_.back().key);
        entries_.pop_back();
    }
    entries_.push_front({.key = key, .answered_at = now, .tokens = tokens_max()});
    by_key_.emplace(key, entries_.begin());
    return entries_.front();
}

void Polling::finalized(const Principal& owner, MediaId id, seconds advice, WallTime now) {
    const std::lock_guard guard(mutex_);
    Entry& entry = entry_of(owner, id, now);
    entry.answered_at = now;
    entry.advised = advice;
    entry.was_finalize = true;
}

bool Polling::takes_token(Entry& entry, WallTime now) const {
    const auto passed = std::chrono::duration<double>(now - entry.answered_at).count();
    const double refill = std::max(passed, 0.0) * limits_.per_second_max;
    entry.tokens = std::min(tokens_max(), entry.tokens + refill);
    if (entry.tokens < 1) {
        return false;
    }
    entry.tokens -= 1;
    return true;
}

Poll Polling::judged(const Entry& entry, milliseconds asked_after) {
    Poll poll{};
    if (entry.advised.count() > 0 && !entry.was_finalize) {
        poll.asked_after = asked_after;
        poll.advised = entry.advised;
        poll.is_too_early = asked_after + early_max < entry.advised;
    }
    return poll;
}

Poll Polling::asked(const Principal& owner, MediaId id, seconds advice, WallTime now) {
    const std::lock_guard guard(mutex_);
    Entry& entry = entry_of(owner, id, now);
    const auto asked_after = now - entry.answered_at;
    Poll poll = judged(entry, asked_after);
    const bool is_admitted = takes_token(entry, now);
    entry.answered_at = now;
    if (!is_admitted) {
        poll.check_after = grown(advice, entry.early_count);
        poll.refusal = too_fast(id, poll.check_after, asked_after, limits_.per_second_max);
        return poll;
    }
    entry.early_count = poll.is_too_early ? entry.early_count + 1 : 0;
    poll.check_after = grown(advice, entry.early_count);
    entry.advised = poll.check_after;
    entry.was_finalize = false;
    return poll;
}

}  // namespace sluice
