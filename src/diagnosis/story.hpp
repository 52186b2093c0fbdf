// The calls of a trace by the upload that they were about. Points into the trace, which outlives
// it. Within diagnosis/ alone.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "diagnosis/trace.hpp"

namespace sluice::diagnosis {

struct Step {
    const Call* call = nullptr;
    std::size_t at = 0;  // its place in the trace
};
using Steps = std::vector<Step>;

struct Story {
    std::string media_id;
    std::optional<Step> init;
    Steps appends;
    Steps finalizes;
    Steps statuses;
    Steps uses;  // metadata, subtitles, posts
    Steps jobs;  // steps of processing

    std::optional<std::uint64_t> total_bytes() const;
    // Bytes and indexes of the APPENDs that were answered with success.
    std::uint64_t appended_bytes() const;
    std::vector<std::uint64_t> appended_indexes() const;
    bool has_sizes() const;  // of all those APPENDs
    bool was_finalized() const;
    const Call* last_refused_finalize() const;
    // The last processing_info.state that was answered; empty: none.
    std::string last_state() const;
    bool is_video() const;
    bool is_gif() const;
};

std::vector<Story> stories_of(const Trace& trace);

// The first of the steps that was refused and did not succeed later (of APPEND: the same segment).
std::optional<Step> first_unmended(const Steps& steps);

// "12 of 40 bytes", "segments 3, 7"
std::string listed(const std::vector<std::uint64_t>& numbers);

}  // namespace sluice::diagnosis
