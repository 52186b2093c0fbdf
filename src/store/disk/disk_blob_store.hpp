// DiskBlobStore: blobs as files in one folder tree of the local disk (see BlobDirectory). An
// upload's blob is preallocated at its total length and written in place by any number of writers
// at once; staged and adopted blobs are files of their own. What is small lies in packs instead (see
// PackLog) and has no file at all. Thread-safe; each writer is one thread's at a time and must not
// outlive the store.
//
// The ranges taken are also remembered here after commit, for the blobs touched last: the caller's
// list of committed extents may be older than the commit of another connection. A range that was
// committed but never recorded stays taken; a retry is staged.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "base/clock.hpp"
#include "store/blob_store.hpp"
#include "store/byte_ranges.hpp"
#include "store/disk/blob_directory.hpp"
#include "store/disk/open_blob.hpp"
#include "store/disk/pack_log.hpp"
#include "store/disk/sync_groups.hpp"
#include "store/disk/write_ways.hpp"
#include "store/lost_syncs.hpp"
#include "store/orphan_look.hpp"

namespace sluice {

struct DiskOptions {
    // strict: commit() survives power loss. Off: placed ranges survive a kill only, until
    // make_durable.
    bool strict = true;
    // Off: everything goes through the page cache.
    bool direct = true;
    // Blobs whose ranges are remembered after the last writer went; about 200 bytes each.
    std::size_t remembered_max = 4096;
    // Uploads of at most this total, and staged blobs that turn out to be no longer, lie in packs;
    // 0: none do.
    ByteCount packed_max{256 * 1024};
    ByteCount pack_bytes{64 << 20};
    // Pieces that may be in memory at once; more go to files of their own.
    std::size_t pack_buffers_max = 256;
    // Other processes, perhaps on other machines, write in the same folder: nothing is placed and
    // nothing packed, every piece is a file of its own, whose name is used once. So one that was
    // paused and wakes up never writes over what another has acknowledged.
    bool is_shared = false;
};

class DiskBlobStore final : public BlobStore {
  public:
    static Result<std::unique_ptr<DiskBlobStore>> open(
        const std::string& directory, DiskOptions options = {}
    );

    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override;
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override;
    Result<void> make_durable(const std::vector<Extent>& layout) override;
    Result<void> drop_cached(const Extent& extent) override;
    Result<void> read(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes) override;
    // A flat layout is the blob's file itself. The file may be longer than the extent (space was
    // reserved for more than came); as the layout of an upload that is asked for here is final, it
    // is cut to the extent's length.
    Result<std::string> as_local_file(const std::vector<Extent>& layout, const std::string& scratch)
        override;
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override;
    Result<void> remove(const Extent& extent) override;
    Result<ByteCount> free_space() override;
    const disk::WriteWays& ways() const { return ways_; }

    // Removes files that changed before `before` and that nobody knows: staged blobs whose process
    // died. Looks at no more than `count_max` old files, beginning at a folder that differs from
    // run to run; returns how many it removed. For the start of a server, before any upload.
    Result<std::uint32_t> remove_orphans(
        const std::function<bool(BlobId)>& is_known, WallTime before, std::uint32_t count_max
    );
    // For a folder that nodes share, at any time: all that is old enough, and dead packs.
    Result<std::uint32_t> remove_orphans(const OrphanLook& look);
    // The same for packs alone, at any time: one that was written to or punched lately stays, so that
    // no piece is on its way to its row. Asks for every old pack.
    Result<std::uint32_t> remove_dead_packs(
        const std::function<bool(BlobId)>& is_known, WallTime before
    );

    // Every file of a blob that is not shared, until `visit` says false, and every pack, or why it cannot be read,
    // until it has an Error: for checks while nobody writes.
    Result<void> each_file(const std::function<bool(BlobId, WallTime)>& visit) const;
    using VisitPack = std::function<Result<void>(BlobId, const Result<SharedBlobContent>&)>;
    Result<void> each_pack(const VisitPack& visit) const;

  private:
    friend class PlacedRange;

    struct RangeInFlight {
        ByteOffset at;
        ByteCount length;
    };
    // What is known of a blob that was written to lately.
    struct Known {
        // Shared by the writers, each of which may be the last; empty while nobody writes.
        std::shared_ptr<disk::OpenBlob> open;
        ByteRanges committed;
        std::vector<RangeInFlight> in_flight;
        std::list<BlobId>::iterator age;
    };
    using KnownBlobs = std::map<BlobId, Known>;

    DiskBlobStore(disk::BlobDirectory directory, DiskOptions options);

    disk::WriteWays choose_ways() const;

    Known& touch(BlobId id);
    void forget_oldest();
    Result<std::shared_ptr<disk::OpenBlob>> take_range(const Placement& placement);
    Result<void> commit_placed(
        const std::shared_ptr<disk::OpenBlob>& open, ByteOffset at, ByteCount written
    );
    void abandon_placed(const std::shared_ptr<disk::OpenBlob>& open, ByteOffset at);
    Result<std::unique_ptr<BlobWriter>> stage_file(BlobId id);
    Result<void> sync_whole(BlobId blob);
    void release(KnownBlobs::iterator known, ByteOffset at);
    bool has_writers(BlobId id);
    Result<bool> is_whole_file(const std::vector<Extent>& layout);
    Result<void> copy_to(const std::vector<Extent>& layout, const std::string& path);
    Result<Extent> adopt_copy(BlobId id, const std::string& path, int file, ByteCount length);

    const disk::BlobDirectory directory_;
    const DiskOptions options_;
    const disk::WriteWays ways_;
    disk::PackBuffers pack_buffers_;
    disk::PackLog packs_;
    // Nothing is placed in them any more, whatever is forgotten of the others.
    LostSyncs lost_syncs_;
    disk::SyncGroups syncs_;
    std::mutex mutex_;  // guards all below
    KnownBlobs known_;
    std::list<BlobId> ages_;  // oldest first
};

}  // namespace sluice
