// BlobStore: where bytes are kept. Plain blocking calls; different writers may be used from
// different threads at once, one writer from one thread at a time. Engines: disk/, memory/ (tests);
// every one passes store/blob_store_suite.
//
// A blob is a run of bytes with a number. Where the store can write in place, an upload has a blob of its own (BlobId of its
// MediaId), reserved at its total length, into which segments are placed where they belong; what does not fit there, and
// everything elsewhere, is a staged blob. Nobody reads bytes that were not committed; committed ones are never written again.
//
// Errors: storage_full, storage_failed (final for this writer), storage_unavailable (a store elsewhere does not answer; the
// same again may succeed), store_not_found, store_conflict (place: the range is taken, the blob is suspect, or this store
// places nothing; stage instead). A failed sync is not tried again: all who waited for it get it as Error::is_lost_sync, and
// nothing is placed in that blob any more.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "core/segment.hpp"
#include "store/adopted_file.hpp"
#include "store/link_terms.hpp"

namespace sluice {

// Where a writer's next bytes may be put by whoever can write to a file without a thread that waits.
// Memory, offset and length of a write to `direct_file` are multiples of `block`; a block that is
// not full goes to `file`, through the page cache: the other bytes in it may be a neighbour's.
struct DirectRange {
    int direct_file = -1;
    int file = -1;
    ByteOffset at;
    ByteCount room;
    std::size_t block = 0;
    // To be held until the last write has ended: the descriptors, and the right to the range.
    std::shared_ptr<const void> keep;
};

// A half-written blob or range. Destroying it before commit() undoes it.
class BlobWriter {
  public:
    virtual ~BlobWriter() = default;
    // Until true, before the first write(): takes the room, each step as quick as a quick write(). An error: stage instead.
    virtual Result<bool> prepare_more() { return true; }
    // Appends. More than length_max in a placed range is refused with body_too_large.
    virtual Result<void> write(std::span<const std::byte> bytes) = 0;
    // Whether write() of so many bytes copies to memory and no more: a loop may call it.
    virtual bool is_quick([[maybe_unused]] ByteCount next) const { return false; }
    // Where its next bytes may be received: write() of what begins there copies nothing. Until its next call but this.
    virtual std::span<std::byte> memory() { return {}; }
    // Nothing: write() is the only way.
    virtual std::optional<DirectRange> direct_range() const { return std::nullopt; }
    // So many bytes are on their way to direct_range(): they have ended before commit() is called.
    virtual void passed([[maybe_unused]] ByteCount length) {}
    // One of those writes failed: the writer takes nothing more and cannot be committed.
    virtual void direct_failed() {}
    virtual ByteCount written() const = 0;
    // Keeps what was written and makes it durable (strict: survives power loss), its directory entry too.
    virtual Result<Extent> commit() = 0;
};

struct Placement {
    BlobId blob;                    // the upload's own
    ByteCount total;                // reserved for it, once
    ByteOffset at;                  // where the segment belongs
    ByteCount length_max;           // no more bytes than these will come
    std::vector<Extent> committed;  // what is in the blob already: never written over
    // False: `total` is only what it may grow to. It is a blob of its own, however small, and takes
    // room as its bytes come.
    bool is_reserved = true;
};

// What a blob that many uploads share has bytes in, whoever put them there: ranges of whole blocks
// that do not touch, in order. Space that is reserved and was never written to, or was given back, is
// in none of them.
struct SharedBlobContent {
    BlobId id;
    WallTime changed_at;
    ByteCount block;  // the grain in which bytes are placed in it
    std::vector<Extent> held;
};

class BlobStore {
  public:
    virtual ~BlobStore() = default;

    // A blob of its own, of unknown length. Its extent may name another blob than this one. An id that
    // is taken is store_conflict, here or at commit().
    virtual Result<std::unique_ptr<BlobWriter>> stage(BlobId id) = 0;
    // A range within an upload's blob. store_conflict if it meets committed bytes or another
    // writer's range.
    virtual Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) = 0;

    // Makes committed bytes survive power loss. FINALIZE calls it; does nothing where commit() promised that already.
    virtual Result<void> make_durable(const std::vector<Extent>& layout) = 0;

    // What read() gives next comes from the disk and not from a cache, where there is one: for bytes that are to be checked.
    virtual Result<void> drop_cached(const Extent&) { return ok(); }

    // Reads bytes.size() bytes from `offset` within the extent; storage_failed with
    // Error::is_too_short if the blob has fewer.
    virtual Result<void> read(
        const Extent& extent, ByteOffset offset, std::span<std::byte> bytes
    ) = 0;

    // The same for what can be done without: where a store elsewhere does not answer in so long, an Error.
    virtual Result<void> read_within(
        std::chrono::milliseconds,
        const Extent& extent,
        ByteOffset offset,
        std::span<std::byte> bytes
    ) {
        return read(extent, offset, bytes);
    }

    // All bytes of a layout as one local file for the pipeline. A flat layout in a local store is
    // the blob itself; anything else is copied to `scratch`, a path that does not exist yet.
    virtual Result<std::string> as_local_file(
        const std::vector<Extent>& layout, const std::string& scratch
    ) = 0;
    // The same; calls `between` again and again while bytes come from elsewhere, and stops with its Error.
    virtual Result<std::string>
    fetch(const std::vector<Extent>& layout, const std::string& scratch, const std::function<Result<void>()>&) {
        return as_local_file(layout, scratch);
    }
    // Takes over a local file (renamed or copied, then durable) as a new blob.
    virtual Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) = 0;

    // Takes away what one owner had: the whole blob that the extent is in, or, of a blob that many
    // uploads share, those bytes alone and never another's. No error if it is not there (any more).
    virtual Result<void> remove(const Extent& extent) = 0;
    // An Error where nobody knows.
    virtual Result<ByteCount> free_space() = 0;

    // What a reader of a long run does well to ask for at once, since each read() is a journey; 0 for
    // a store on this machine, whose files are at hand.
    virtual ByteCount read_ahead() const { return {0}; }
    // A URL under which anybody may fetch just these bytes for so long; nothing: read() is the only way.
    virtual std::optional<std::string> link_to(const Extent&, const LinkTerms&) {
        return std::nullopt;
    }
};

}  // namespace sluice
