// SimulatedBlobStore: a BlobStore over a SimulatedDisk that keeps the promises of the real one by the
// same means: bytes are written where they belong as they come, commit() syncs the file and its
// entry, a failed sync is final for all who share the file, and which ranges are taken is known to
// the process alone. One per process of a history.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>

#include "base/clock.hpp"
#include "gate.hpp"
#include "simulated_disk.hpp"
#include "simulated_packs.hpp"
#include "store/blob_store.hpp"
#include "store/byte_ranges.hpp"
#include "store/lost_syncs.hpp"

namespace sluice::simulation {

class SimulatedBlobStore final : public BlobStore {
  public:
    struct Options {
        bool is_strict = true;
        ByteCount capacity{1ULL << 40};
        ByteCount packed_max;  // 0: nothing lies in packs
    };
    SimulatedBlobStore(SimulatedDisk& disk, Gate& gate, const Clock& clock, Options options)
        : disk_(disk),
          gate_(gate),
          clock_(clock),
          options_(options),
          packs_(
              disk,
              gate,
              clock,
              {.is_strict = options.is_strict,
               .packed_max = options.packed_max,
               .capacity = options.capacity}
          ) {}

    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override;
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override;
    Result<void> make_durable(const std::vector<Extent>& layout) override;
    Result<void> drop_cached(const Extent& extent) override;
    Result<void> read(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes) override;
    Result<std::string> as_local_file(const std::vector<Extent>& layout, const std::string& scratch)
        override;
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override;
    Result<void> remove(const Extent& extent) override;
    Result<ByteCount> free_space() override;

    void trim_abandoned() { packs_.trim_abandoned(); }
    // What fsck asks the real one.
    Result<void> each_file(const std::function<bool(BlobId, WallTime)>& visit) const;
    using VisitPack = std::function<Result<void>(BlobId, const Result<SharedBlobContent>&)>;
    Result<void> each_pack(const VisitPack& visit) const;

    Result<std::uint32_t> remove_dead_packs(
        const std::function<bool(BlobId)>& is_known, WallTime before
    );
    Result<std::uint32_t> remove_orphans(
        const std::function<bool(BlobId)>& is_known, WallTime before, std::uint32_t count_max
    );

  private:
    friend class SimulatedWriter;

    // The file while somebody writes to it, shared by all its writers.
    struct Open {
        bool has_new_entry = false;
        bool has_failed = false;
    };
    struct Known {
        std::shared_ptr<Open> open;
        ByteRanges committed;
        std::map<std::uint64_t, ByteCount> in_flight;  // by offset
        bool is_made_here = false;
    };

    Result<std::unique_ptr<BlobWriter>> stage_file(BlobId id);
    Result<void> open_for_writing(Known& known, const Placement& placement);
    Result<void> sync(BlobId id, Open& open);
    Result<void> commit_placed(
        BlobId id, const std::shared_ptr<Open>& open, ByteOffset at, ByteCount written
    );
    void abandon(BlobId id, const std::shared_ptr<Open>& open, ByteOffset at);
    void release(BlobId id, Known& known, ByteOffset at);
    bool has_room_for(std::uint64_t bytes);

    SimulatedDisk& disk_;
    Gate& gate_;
    const Clock& clock_;
    const Options options_;
    SimulatedPacks packs_;
    std::map<BlobId, Known> known_;
    LostSyncs
        lost_syncs_;  // without its turns: one thread, and no step between a failure and its note
};

}  // namespace sluice::simulation
