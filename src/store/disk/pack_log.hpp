// PackLog: small pieces of many uploads, one behind the other in shared, preallocated files
// ("packs"). Whatever came during the last write goes into the next one: one write and one sync
// serve all who wait. A place in a pack is used once and never again, so that taking away a piece
// twice (a crash came between) can never meet another's bytes; the space of what was taken away is
// given back by punching holes, the file itself goes when nobody names it any more (the sweep of
// orphans). Thread-safe; plain blocking calls.
//
// A failed write or sync is final for its pack: those who waited are told, the next ones get a new
// pack.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <span>
#include <unordered_map>
#include <vector>

#include "core/segment.hpp"
#include "store/disk/blob_directory.hpp"
#include "store/disk/open_blob.hpp"
#include "store/disk/pack_buffers.hpp"

namespace sluice::disk {

// What was written to a pack's file and not taken away again, in whole blocks.
Result<std::vector<Extent>> held_ranges(int file, BlobId id);

class PackLog {
  public:
    struct Options {
        bool strict = true;         // add() survives power loss; off: a kill only
        ByteCount bytes{64 << 20};  // of one pack; less where the disk is nearly full
        // Beginnings of pieces that are kept in memory: FINALIZE looks at them, and what was written
        // past the page cache would come from the disk.
        std::size_t starts_max = 2048;
    };

    PackLog(const BlobDirectory& directory, Options options)
        : directory_(directory), options_(options) {}
    PackLog(const PackLog&) = delete;
    PackLog& operator=(const PackLog&) = delete;
    // Gives back what the current pack has not used.
    ~PackLog();

    // Gives back what packs of a process that died had reserved and never used. Before any add().
    Result<void> trim_abandoned();

    // The first `length` bytes of a buffer, which are kept when this returns. The bytes behind them
    // up to a whole block are overwritten.
    Result<Extent> add(const PackBuffers::Buffer& buffer, ByteCount length);

    // Of one piece: its space goes back to the file system, where that can be done.
    Result<void> remove(const Extent& extent);
    // Whether the bytes were among the beginnings that are kept.
    bool read_start(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes);
    void forget_start(const Extent& extent);
    // A sync of the pack has failed that somebody else asked for: no more pieces go there.
    void spoil(BlobId id);
    // The pack is being written to; it is not to be unlinked.
    bool is_current(BlobId id);

  private:
    struct Pack {
        BlobId id;
        UniqueFd file;
        std::uint64_t capacity = 0;
        std::uint64_t used = 0;
    };
    struct Waiting;
    using Batch = std::vector<Waiting*>;
    static constexpr std::size_t start_length = 4096;
    struct Start {
        Extent extent;
        std::array<std::byte, start_length> bytes;
    };

    void lead(const Waiting& own);
    void write_all_of(const Batch& batch);
    Result<void> write_some(std::span<Waiting* const> batch);
    void settle(std::span<Waiting* const> pieces, const Result<void>& written);
    Result<void> make_room(std::uint64_t wanted);
    Result<std::unique_ptr<Pack>> make_pack(std::uint64_t wanted) const;
    bool is_spoilt();
    void retire(bool has_failed);
    void keep_start(const Extent& extent, const std::byte* bytes);

    const BlobDirectory& directory_;
    const Options options_;

    std::mutex mutex_;  // guards the next five
    Batch waiting_;
    bool is_led_ = false;
    BlobId current_id_;
    BlobId spoilt_id_;
    std::unique_ptr<Pack> current_;  // the leader's alone, but for its id

    std::mutex starts_mutex_;  // guards all below
    std::vector<Start> starts_;
    std::size_t next_start_ = 0;
    std::unordered_map<std::uint64_t, std::size_t> start_at_;  // by blob and offset
};

}  // namespace sluice::disk
