// The last segment of each stream that grew lately, so that what is put right behind it becomes a part of
// it: a stream that comes in many small pieces has few segments. Thread-safe; for a process that alone
// extends its streams.
#pragma once

#include <mutex>
#include <optional>
#include <unordered_map>

#include "base/digest.hpp"
#include "core/upload.hpp"
#include "store/stream_store.hpp"

namespace sluice {

class StreamTails {
  public:
    // Lets the new segment of an extension be a longer last one, if it stands right behind that in the
    // upload's own blob.
    void join(const Upload& upload, Extension& more) const {
        const auto last = last_of(upload);
        if (!last || !more.segment) {
            return;
        }
        const Extent& there = last->extent;
        const Extent& next = more.segment->extent;
        const bool is_behind = there.blob.value == upload.id.value && next.blob == there.blob &&
                               there.offset + there.length == next.offset;
        if (!is_behind || there.length + next.length > segment_max) {
            return;
        }
        Segment longer = *more.segment;
        longer.index = last->index;
        longer.extent = {there.blob, there.offset, there.length + next.length};
        longer.crc32c = crc32c_joined(last->crc32c, more.segment->crc32c, next.length.value);
        more.segment = longer;
        more.before = there.length;
    }

    // It is the last one of the upload as it stands.
    void note(const Upload& upload, const Segment& segment) {
        const std::scoped_lock lock(mutex_);
        if (segment.extent.blob.value != upload.id.value) {
            tails_.erase(upload.id);  // nothing is ever put behind this one
            return;
        }
        if (tails_.size() >= tails_max) {
            tails_.clear();  // each begins another segment
        }
        tails_.insert_or_assign(upload.id, Tail{segment, upload.received});
    }

  private:
    // A segment is lost as a whole, after a stop without notice.
    static constexpr ByteCount segment_max{16 << 20};
    static constexpr std::size_t tails_max = 20'000;

    struct Tail {
        Segment segment;
        ByteCount end;
    };

    std::optional<Segment> last_of(const Upload& upload) const {
        const std::scoped_lock lock(mutex_);
        const auto found = tails_.find(upload.id);
        const bool is_last = found != tails_.end() && found->second.end == upload.received &&
                             found->second.segment.index.value + 1U == upload.segments_received;
        return is_last ? std::optional(found->second.segment) : std::nullopt;
    }

    mutable std::mutex mutex_;
    std::unordered_map<MediaId, Tail> tails_;
};

}  // namespace sluice
