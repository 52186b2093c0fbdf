// TimelineStore: where the events of uploads are kept (core/timeline.hpp). Plain blocking calls
// from any thread. What add() wrote may be lost by a loss of power, and only by that. Engines:
// sqlite/, memory/ (tests); both pass store/timeline_store_suite.
//
// Errors: storage_full, storage_failed.
#pragma once

#include <span>
#include <vector>

#include "base/result.hpp"
#include "core/timeline.hpp"

namespace sluice {

// telling: refusals, FINALIZE and STATUS, which explain a refusal of now.
enum class TimelinePart : std::uint8_t { all, telling };

class TimelineStore {
  public:
    virtual ~TimelineStore() = default;

    // Adds the events behind those that are there, alike neighbours folded, and keeps at most
    // timeline_events_max. Nothing is written for an upload that its `owner` does not have, or
    // whose bytes are gone.
    virtual Result<void> add(std::span<const NotedEvents> noted) = 0;
    // Oldest first; none for somebody else's upload.
    virtual Result<std::vector<TimelineEvent>> of(
        const Principal& owner, MediaId id, TimelinePart part
    ) = 0;
    // The bytes of the upload go, and this with them.
    virtual Result<void> forget(MediaId id) = 0;
};

}  // namespace sluice
