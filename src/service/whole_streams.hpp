// Streams of which all bytes were seen to follow each other, so that their offset can be told without
// looking at each piece. What this process appends keeps it so; only where acknowledged bytes were
// dropped (Doubts::drops) is there something to look for again. Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>
#include <unordered_set>

#include "base/ids.hpp"

namespace sluice {

class WholeStreams {
  public:
    // `drops`: how many there had been before the look.
    void add(MediaId id, std::uint64_t drops) {
        const std::lock_guard guard(mutex_);
        if (drops != drops_ || ids_.size() >= ids_max) {
            ids_.clear();  // the next look at each costs more
            drops_ = drops;
        }
        ids_.insert(id);
    }

    bool has(MediaId id, std::uint64_t drops) {
        const std::lock_guard guard(mutex_);
        return drops == drops_ && ids_.contains(id);
    }

  private:
    static constexpr std::size_t ids_max = 100'000;

    std::mutex mutex_;
    std::unordered_set<MediaId> ids_;
    std::uint64_t drops_ = 0;
};

}  // namespace sluice
