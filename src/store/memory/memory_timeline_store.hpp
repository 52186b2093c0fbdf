// MemoryTimelineStore: the TimelineStore without a disk, for tests. Asks the uploads, which outlive
// it, whose an upload is. One mutex around everything.
#pragma once

#include <map>
#include <mutex>

#include "store/metadata_store.hpp"
#include "store/timeline_store.hpp"

namespace sluice {

class MemoryTimelineStore final : public TimelineStore {
  public:
    explicit MemoryTimelineStore(MetadataStore& uploads) : uploads_(uploads) {}

    Result<void> add(std::span<const NotedEvents> noted) override;
    Result<std::vector<TimelineEvent>> of(const Principal& owner, MediaId id, TimelinePart part)
        override;
    Result<void> forget(MediaId id) override;

  private:
    MetadataStore& uploads_;
    std::mutex mutex_;  // guards what is below
    std::map<MediaId, std::vector<TimelineEvent>> events_;
};

}  // namespace sluice
