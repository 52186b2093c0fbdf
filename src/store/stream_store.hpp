// The part of a MetadataStore that uploads which come as one stream need. The same promises and the
// same errors; passes store/metadata_store_suite.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "core/job.hpp"
#include "core/upload.hpp"
#include "core/usage.hpp"

namespace sluice {

// What follows at the end of a stream.
struct Extension {
    MediaId id;
    ByteCount at;                    // where the end is expected
    std::optional<Segment> segment;  // none: the length alone, or a longer life
    // So much of the segment is there already: it takes the place of the last one, which it is, longer.
    // 0: it is a new one.
    ByteCount before = {};
    std::optional<ByteCount> total;  // the length, told now or once more
    WallTime expires_at;             // if that is later than it was
    WallTime now;
    // Where several processes have the store: what the request that took the stream last was given.
    // store_conflict for any other. 0: only this process has it.
    std::uint64_t token = 0;
    // quota_exceeded, without facts, if the owner would use more; looked at in the same commit. 0: it
    // does not grow, or may as it likes.
    ByteCount owner_bytes_max = {};

    bool adds_segment() const { return segment && before.value == 0; }
    ByteCount growth() const { return segment ? segment->extent.length - before : ByteCount{}; }
};

class StreamStore {
  public:
    virtual ~StreamStore() = default;
    // store_conflict unless the upload is an open stream or part that ends at `at`, and the segment
    // and the length fit it.
    virtual Result<void> extend(const Extension& more) = 0;
    // Gives a joined upload, which is open and has none, the segments of its parts, and its job.
    // store_conflict if it is not open, or one of the parts is not there with all of its bytes;
    // quota_exceeded, without facts, if the owner uses more by it, and more than the quota allows.
    virtual Result<void> join(
        const Upload& whole,
        const std::vector<Segment>& segments,
        const NewJob& job,
        const Quota& quota
    ) = 0;
    // Joined uploads that wait for their parts, oldest first.
    virtual Result<std::vector<Upload>> waiting_to_join(const Principal& owner) = 0;
    // Whether any upload but this one has bytes there: they must stay when this one goes.
    virtual Result<bool> is_held_elsewhere(MediaId id, const Extent& extent) = 0;
};

}  // namespace sluice
