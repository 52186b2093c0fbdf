// RateLimiter: how many calls of each bucket a principal has made in the window that runs. A seam,
// because several nodes will have to share the numbers; MemoryRateLimiter is the one of a single
// process. Thread-safe, does not block.
#pragma once

#include <array>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "core/principal.hpp"
#include "service/rate_limits.hpp"

namespace sluice {

// Where a principal stands in one bucket after a call.
struct RateStanding {
    RateBucket bucket{};
    RateLimit limit;
    std::uint64_t used = 0;  // calls of this window, this one included; no more than the limit
    std::uint64_t succeeded = 0;
    std::uint64_t refused = 0;      // answered with an error, but not for their rate
    std::uint64_t turned_away = 0;  // refused for their rate
    WallTime resets;
    bool is_over = false;  // this call is one too many, and not counted as used

    std::uint64_t remaining() const { return limit.calls - used; }
};

enum class RateOutcome : std::uint8_t { succeeded, refused };

class RateLimiter {
  public:
    virtual ~RateLimiter() = default;
    // Counts a call. A window begins with the first call in it.
    virtual RateStanding take(const Principal& who, RateBucket bucket, WallTime now) = 0;
    // The same of a call of which it is known already what became of it.
    virtual RateStanding take_settled(
        const Principal& who, RateBucket bucket, WallTime now, RateOutcome outcome
    ) = 0;
    // What became of a call that was not over.
    virtual void note(const Principal& who, RateBucket bucket, RateOutcome outcome) = 0;
};

// Bounded: beyond `principals_max`, whoever was idle for longest is forgotten. No allocation for a
// known principal; principals are spread over shards with a lock each.
class MemoryRateLimiter final : public RateLimiter {
  public:
    static constexpr std::size_t principals_max_default = 100'000;
    explicit MemoryRateLimiter(
        const RateLimits& limits, std::size_t principals_max = principals_max_default
    );

    RateStanding take(const Principal& who, RateBucket bucket, WallTime now) override;
    RateStanding take_settled(
        const Principal& who, RateBucket bucket, WallTime now, RateOutcome outcome
    ) override;
    void note(const Principal& who, RateBucket bucket, RateOutcome outcome) override;
    std::size_t principals() const;
    const RateLimits& limits() const { return limits_; }

    // --- for nodes that count together ---
    // Calls that were admitted since the last call of this, and all that is known of their windows.
    struct Unshared {
        std::string principal;
        RateBucket bucket{};
        WallTime resets;
        std::uint64_t calls = 0;
    };
    std::vector<Unshared> take_unshared();
    // What all nodes together have admitted, those of this one included; also of who is not known yet.
    void learn(const Unshared& sum);
    // They could not be told: they count again.
    void put_back(const Unshared& calls);

  private:
    struct Window {
        WallTime resets{};
        std::uint64_t used = 0;
        std::uint64_t succeeded = 0;
        std::uint64_t refused = 0;
        std::uint64_t turned_away = 0;
        std::uint64_t unshared = 0;  // of those used, what no other node knows of
    };
    struct Entry {
        std::string principal;
        std::array<Window, rate_bucket_count> windows;
        bool has_unshared = false;
    };
    struct Shard {
        mutable std::mutex mutex;  // guards what is below
        std::list<Entry> by_age;   // the latest first
        std::unordered_map<std::string_view, std::list<Entry>::iterator> by_principal;
    };
    static constexpr std::size_t shard_count = 16;

    Shard& shard_of(const Principal& who);
    RateStanding take_counted(
        const Principal& who, RateBucket bucket, WallTime now, std::optional<RateOutcome> outcome
    );
    static void count(Window& window, RateOutcome outcome);
    static void take_unshared(Entry& entry, std::vector<Unshared>& all);
    Entry& entry_of(Shard& shard, const Principal& who) const;

    const RateLimits limits_;
    const std::size_t per_shard_max_;
    std::array<Shard, shard_count> shards_;
};

}  // namespace sluice
