// FailedLogins: how many calls with wrong credentials came from an address, and in the name of a
// consumer key, in the window that runs. It is asked only when the credentials of a call have been
// found wrong, so nobody's failures keep right credentials out, from the same address or under the
// same key. What it saves is the work of explaining (a search through the ways of signing wrongly)
// and the secrecy of what an endless guesser could learn from it. In memory; bounded: beyond
// `entries_max` whoever failed last the longest ago is forgotten. Thread-safe, does not block.
#pragma once

#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.hpp"
#include "service/rate_limits.hpp"

namespace sluice {

// Generous: a person who looks for a mistake in his signing does not meet them. 0 calls: no limit.
struct FailedLoginLimits {
    RateLimit by_address{600, std::chrono::minutes(15)};
    RateLimit by_key{300, std::chrono::minutes(15)};
};

struct FailedLogin {
    std::string_view
        address;           // of the other end; IPv6: its /64 counts, since one caller has that many
    std::string_view key;  // the consumer key that the call claims; empty: it claims none
};

class FailedLogins {
  public:
    static constexpr std::size_t entries_max_default = 20'000;
    explicit FailedLogins(FailedLoginLimits limits, std::size_t entries_max = entries_max_default)
        : limits_(limits), entries_max_(entries_max) {}

    // The limit that a failure meets.
    struct Excess {
        std::string_view whose;  // "from this address", "with this consumer key"
        RateLimit limit;
        std::uint64_t failures = 0;  // of this window, this one included
        WallTime resets;
    };
    // Counts a failure. Nothing: it is within the limits.
    std::optional<Excess> note(const FailedLogin& failed, WallTime now);
    // Whether note() would answer with an excess. Counts nothing.
    bool would_exceed(const FailedLogin& failed, WallTime now) const;

  private:
    struct Entry {
        std::string name;
        WallTime resets{};
        std::uint64_t failures = 0;
    };
    using Entries = std::list<Entry>;

    Entry& entry_of(std::string name);
    std::optional<Excess> counted(
        std::string name, std::string_view whose, const RateLimit& limit, WallTime now
    );
    bool is_full(const std::string& name, const RateLimit& limit, WallTime now) const;

    const FailedLoginLimits limits_;
    const std::size_t entries_max_;
    mutable std::mutex mutex_;  // guards what is below
    Entries by_age_;            // the latest first
    std::unordered_map<std::string_view, Entries::iterator> by_name_;
};

}  // namespace sluice
