// MemoryDoubtStore: the DoubtStore without a disk, for tests. Asks the uploads, which outlive it,
// which of them are open. One mutex around everything.
#pragma once

#include <map>
#include <mutex>

#include "store/doubt_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {

class MemoryDoubtStore final : public DoubtStore {
  public:
    explicit MemoryDoubtStore(MemoryMetadataStore& uploads) : uploads_(uploads) {}

    Result<void> add(const Doubt& doubt) override;
    Result<std::uint64_t> add_open(
        const std::string& facts, WallTime since, std::uint64_t count_max
    ) override;
    Result<std::vector<Doubt>> finals() override;
    Result<std::vector<MediaId>> unchecked(std::uint32_t count_max) override;
    Result<bool> is_unchecked(MediaId id) override;
    Result<void> settle(MediaId id) override;
    Result<void> settle_all() override;
    Result<void> forget(MediaId id) override;

  private:
    MemoryMetadataStore& uploads_;
    std::mutex mutex_;  // guards what is below
    std::map<MediaId, Doubt> doubts_;
};

}  // namespace sluice
