// JobsAhead: what was counted last of the queue of each lane, for a moment, and the jobs that were
// added lately: a FINALIZE asks how long the queue is right after it has made it longer, and while
// many do so they would all count the same rows. Of a queue that is longer than is told
// (QueuePosition::cost_told_max, jobs_told_max) nothing more is asked for half a second; of any other
// only what stands behind what was counted, and what was counted is forgotten when a job is claimed,
// ends or goes back. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/clock.hpp"
#include "core/job.hpp"

namespace sluice::sqlite {

class JobsAhead {
  public:
    using Place = std::pair<std::int64_t, std::int64_t>;  // rank, id

    struct Counted {
        Place place;  // what lies ahead of the job that has it
        QueuePosition position;
        bool is_long = false;
        WallTime at{};  // when it was counted from the front
    };

    // Of a lane: what lies ahead of a place no further back than this one. Not of suspects.
    std::optional<Counted> before(Lane lane, Place place, WallTime now) const {
        const std::scoped_lock lock(mutex_);
        const auto& known = of(lane);
        const bool is_fresh = known && known->at <= now && now - known->at < life(*known);
        return is_fresh && place >= known->place ? known : std::nullopt;
    }

    // To be asked before what is noted is read.
    std::uint64_t version() const {
        const std::scoped_lock lock(mutex_);
        return version_;
    }
    void note(Lane lane, Counted counted, std::uint64_t version) {
        const std::scoped_lock lock(mutex_);
        if (version == version_ || counted.is_long) {
            of(lane) = std::move(counted);
        }
    }

    // The writer adds a job: whoever asks for it need not look for it. Before the commit, so that a claim, which comes
    // behind it, is not overtaken.
    void add(const NewJob& job) {
        const std::scoped_lock lock(mutex_);
        if (added_.size() >= added_max) {
            added_.clear();
        }
        added_.insert_or_assign(job.media.value, job);
    }
    // It is there, perhaps before what was counted.
    void added(const NewJob& job) {
        const std::scoped_lock lock(mutex_);
        auto& known = of(job.lane);
        if (known && !known->is_long && place_of(job) < known->place) {
            known.reset();
        }
    }
    std::optional<NewJob> find(MediaId id) const {
        const std::scoped_lock lock(mutex_);
        const auto found = added_.find(id.value);
        return found == added_.end() ? std::nullopt : std::optional(found->second);
    }

    // A job was claimed, has ended, went back …
    void forget() {
        const std::scoped_lock lock(mutex_);
        ++version_;
        added_.clear();
        for (auto& known : known_) {
            if (known && !known->is_long) {
                known.reset();
            }
        }
    }

    static Place place_of(const NewJob& job) {
        return {job.rank.time_since_epoch().count(), static_cast<std::int64_t>(job.id.value)};
    }

  private:
    static constexpr std::chrono::milliseconds long_life{500};
    static constexpr std::chrono::milliseconds short_life{100};
    static constexpr std::size_t added_max = 1000;

    static std::chrono::milliseconds life(const Counted& counted) {
        return counted.is_long ? long_life : short_life;
    }
    std::optional<Counted>& of(Lane lane) { return known_[static_cast<std::size_t>(lane)]; }
    const std::optional<Counted>& of(Lane lane) const {
        return known_[static_cast<std::size_t>(lane)];
    }

    mutable std::mutex mutex_;  // guards all below
    std::array<std::optional<Counted>, 2> known_;
    std::unordered_map<std::uint64_t, NewJob> added_;  // by MediaId
    std::uint64_t version_ = 0;                        // how often it had to forget
};

}  // namespace sluice::sqlite
