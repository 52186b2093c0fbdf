// Polling: how often the owners of uploads ask STATUS while processing runs, and what they were
// advised. In memory alone and bounded: what is forgotten starts anew. Thread-safe, never blocks
// for long.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/error.hpp"
#include "base/ids.hpp"
#include "core/principal.hpp"

namespace sluice {

struct PollingLimits {
    // STATUS for one upload under way; sustained over about two seconds, more is refused with
    // polling_too_fast. Lower: clients that disregard check_after_secs fail earlier.
    std::uint32_t per_second_max = 20;
};

// One STATUS, judged.
struct Poll {
    // Since the answer before; nothing: there was none, or it came straight after FINALIZE, as
    // libraries do.
    std::optional<std::chrono::milliseconds> asked_after;
    std::optional<std::chrono::seconds> advised;  // by the answer before
    bool is_too_early = false;
    std::chrono::seconds check_after;   // to answer: grows a little with each one that is too early
    std::optional<Error> refusal = {};  // polling_too_fast, with check_after as retry_after
};

class Polling {
  public:
    // How many uploads under way are remembered; those not asked about for longest go first.
    static constexpr std::size_t uploads_max = 10'000;

    explicit Polling(PollingLimits limits) : limits_(limits) {}

    // FINALIZE was answered with this advice: the next STATUS may come at once.
    void finalized(const Principal& owner, MediaId id, std::chrono::seconds advice, WallTime now);
    // A STATUS of an upload under way whose own advice is `advice`.
    Poll asked(const Principal& owner, MediaId id, std::chrono::seconds advice, WallTime now);

  private:
    struct Entry {
        std::string key;
        WallTime answered_at;
        std::chrono::seconds advised{0};
        bool was_finalize = false;
        std::uint32_t early_count = 0;  // in a row
        double tokens = 0;
    };
    using Entries = std::list<Entry>;  // last asked about at the front

    Entry& entry_of(const Principal& owner, MediaId id, WallTime now);
    static Poll judged(const Entry& entry, std::chrono::milliseconds asked_after);
    bool takes_token(Entry& entry, WallTime now) const;
    double tokens_max() const { return 2.0 * limits_.per_second_max; }

    const PollingLimits limits_;
    std::mutex mutex_;  // guards what is below
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> by_key_;
};

}  // namespace sluice
