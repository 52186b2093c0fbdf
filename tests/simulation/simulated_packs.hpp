// SimulatedPacks: packs over a SimulatedDisk, by the same means as store/disk/pack_log: what came
// during one write goes into the next, with one sync for all who wait; a place is used once; a failed
// write or sync is final for its pack; what is taken away is punched. One per process of a history.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "base/clock.hpp"
#include "gate.hpp"
#include "simulated_disk.hpp"
#include "store/blob_store.hpp"

namespace sluice::simulation {

class SimulatedPacks {
  public:
    struct Options {
        bool is_strict = true;
        ByteCount packed_max;  // 0: there are no packs
        ByteCount bytes{512};  // of one pack
        ByteCount capacity;    // of the disk
    };
    // A blob of its own, for a piece that turns out to be too large.
    using OpenOwn = std::function<Result<std::unique_ptr<BlobWriter>>()>;

    SimulatedPacks(SimulatedDisk& disk, Gate& gate, const Clock& clock, Options options)
        : disk_(disk), gate_(gate), clock_(clock), options_(options) {}

    // As at the start of a server.
    void trim_abandoned();
    // Null: no buffer is free, or there are no packs.
    std::unique_ptr<BlobWriter> try_writer(OpenOwn open_own);
    Result<Extent> add(std::span<const std::byte> bytes);
    void remove(const Extent& extent);
    // A sync of the pack has failed, whoever asked for it: no more goes there.
    void spoil(BlobId id);
    bool is_current(BlobId id) const { return pack_.id == id; }

    Gate& gate() { return gate_; }
    ByteCount packed_max() const { return options_.packed_max; }

  private:
    struct Waiting {
        std::span<const std::byte> bytes;
        Result<Extent> outcome = Extent{};
        bool is_done = false;
        bool leads = false;
    };
    using Batch = std::vector<std::shared_ptr<Waiting>>;
    struct Pack {
        BlobId id;  // 0: none
        std::uint64_t capacity = 0;
        std::uint64_t used = 0;
    };

    void lead();
    void write_all_of(const Batch& batch);
    Result<void> write_some(std::span<const std::shared_ptr<Waiting>> batch);
    Result<void> sync_pack();
    Result<void> make_room(std::uint64_t wanted);
    void retire(bool has_failed);

    SimulatedDisk& disk_;
    Gate& gate_;
    const Clock& clock_;
    const Options options_;
    Batch waiting_;
    bool is_led_ = false;
    Pack pack_;
    BlobId spoilt_;
};

}  // namespace sluice::simulation
