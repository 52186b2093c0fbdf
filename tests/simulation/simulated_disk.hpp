// SimulatedDisk: what files hold, as the programs see it (the page cache) and as a loss of power
// leaves it (the platter). Outlives the processes of a history. Sectors are small, so that the small
// files of a history can be torn. Not thread-safe; nothing yields here.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/ids.hpp"
#include "core/segment.hpp"
#include "random.hpp"
#include "tally.hpp"

namespace sluice::simulation {

class SimulatedDisk {
  public:
    static constexpr std::size_t sector = 16;

    bool contains(BlobId id) const { return files_.contains(id); }
    ByteCount size_of(BlobId id) const;
    WallTime changed_at(BlobId id) const { return files_.at(id).changed_at; }
    std::vector<BlobId> ids() const;
    std::uint64_t used() const;

    void make(BlobId id, ByteCount size, WallTime now);
    void write(BlobId id, ByteOffset at, std::span<const std::byte> bytes, WallTime now);
    void cut(BlobId id, ByteCount size);
    // Gives back whole sectors: they read as zeros, and a loss of power may bring them back.
    void punch(const Extent& extent, WallTime now);
    // What was written and not given back, in whole sectors.
    std::vector<Extent> held(BlobId id) const;
    // False: the file has fewer.
    bool read(BlobId id, ByteOffset at, std::span<std::byte> bytes) const;
    void unlink(BlobId id);

    void sync(BlobId id);
    // The pages are clean afterwards, and what was in them never reaches the platter.
    void fail_sync(BlobId id);
    // Whether a failed sync has thrown bytes of it away.
    bool has_lost_pages(BlobId id) const { return lost_.contains(id); }
    bool has_lost_pages(const Extent& extent) const;
    void sync_entry(BlobId id);
    // Reads see the platter again, but where pages are still to be written.
    void drop_clean(BlobId id);

    // Every unsynced thing is lost, kept or torn.
    void lose_power(Random& random, Tally& tally);

    // Files outside of the store: what workers read and write. A crash leaves nothing of them.
    std::map<std::string, std::vector<std::byte>>& local() { return local_; }

  private:
    struct File {
        std::vector<std::byte> cache;
        std::vector<std::byte> platter;
        std::vector<bool> dirty;         // by sector, as the next three
        std::vector<bool> held;          // written, as programs see it
        std::vector<bool> held_durably;  // and as a loss of power leaves it
        std::vector<bool> is_hole;       // neither held nor reserved
        bool has_durable_entry = false;
        WallTime changed_at;

        void resize(std::size_t size);
        void settle(std::size_t index);  // the sector reaches the platter
        void see_platter(std::size_t index);
        bool is_dirty() const;
    };

    void settle_file(File& file, Random& random, Tally& tally);

    std::map<BlobId, File> files_;
    std::map<BlobId, File> removed_;  // their removal may be undone by a loss of power
    std::map<BlobId, std::set<std::size_t>> lost_;  // sectors
    std::map<std::string, std::vector<std::byte>> local_;
};

}  // namespace sluice::simulation
