// Sends the segments of one upload that are not acknowledged yet, several at a time, and records
// each acknowledgement in the resume store before the next one of the same thread begins. The first
// failure ends all threads.
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <vector>

#include "client/caller.hpp"
#include "client/dialect.hpp"
#include "client/local_file.hpp"
#include "client/resume_store.hpp"

namespace sluice::client {

inline constexpr std::uint32_t segments_max = 1000;  // X: indexes 0 to 999

struct SegmentPlan {
    std::uint64_t total = 0;
    std::uint64_t chunk_size = 0;

    std::uint32_t count() const;
    std::uint64_t length_of(std::uint32_t index) const;
    std::uint64_t offset_of(std::uint32_t index) const { return index * chunk_size; }
    // Bytes of those indexes; unknown ones count nothing.
    std::uint64_t bytes_of(const std::set<std::uint32_t>& indexes) const;
};

// The wanted size (0: 4 MiB), but never so small that there would be more than 1000 segments.
SegmentPlan plan_segments(std::uint64_t total, std::uint64_t chunk_wanted);

class SegmentSender {
  public:
    struct Parts {
        Caller& caller;
        const Dialect& dialect;
        const LocalFile& file;
        ResumeStore& store;
        const ResumeKey& key;
        unsigned parallel = 4;
        // Asked before each segment and each further try.
        std::function<bool()> is_late;
    };

    SegmentSender(Parts parts, SegmentPlan plan, ResumeState& state);

    // Returns when all are acknowledged, or with the first failure.
    Outcome<void> send();
    // Whether it stopped because the time was over.
    bool was_late() const { return was_late_; }

  private:
    void work_in_parallel();
    void work();
    std::optional<std::uint32_t> next_index();
    bool goes_on();
    void acknowledge(std::uint32_t index);
    void fail(Failure failure);

    Parts parts_;
    SegmentPlan plan_;
    ResumeState& state_;
    std::mutex mutex_;
    std::vector<std::uint32_t> waiting_;  // the last one is next
    std::optional<Failure> failure_;
    bool was_late_ = false;
};

}  // namespace sluice::client
