// The use cases of uploads that come as one stream: create, append at the end, join, look, cancel.
// Blocking code, for any thread; what is complete becomes the same medium as by FINALIZE.
#pragma once

#include <array>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "service/stream_commands.hpp"
#include "service/stream_leases.hpp"
#include "service/stream_tails.hpp"
#include "service/uploads.hpp"
#include "service/whole_streams.hpp"

namespace sluice {

// The right to append, of one request. Not thread-safe; movable.
class StreamAppend {
  public:
    // Where the next byte belongs.
    ByteCount at() const { return {upload_.received.value}; }
    const Upload& upload() const { return upload_; }
    // How much may still come.
    ByteCount room() const { return {end_max_.value - upload_.received.value}; }
    // Another request has taken over: stop, nothing more is stored.
    bool is_lost() const { return lease_->is_lost; }
    Error taken_over() const;
    // Somebody waits to be told the offset: store what has come.
    bool is_asked_to_store() const { return lease_->is_asked_to_store; }
    // The body ended before it was whole: this is not the last request, whatever it said.
    void is_cut() {
        if (is_last_) {
            is_last_ = false;
        }
    }
    // Bytes have come that are not stored, and could be.
    void has_unstored() { lease_->has_unstored = true; }

  private:
    friend class Streams;
    Upload upload_;  // as it stands with what this request has stored
    std::optional<ByteCount> total_;
    std::optional<bool> is_last_;
    ByteCount end_max_;
    bool has_stored_ = false;
    std::shared_ptr<StreamLease> lease_;
};

class Streams {
  public:
    Streams(UploadServices services, Uploads& uploads)
        : services_(std::move(services)), uploads_(uploads) {}

    // Complete at once if its length is 0, or all of its parts are. Errors: file_too_large,
    // category_unknown, storage_full, concatenation_invalid …
    Result<Upload> create(const CreateStream& wanted);

    // Errors: media_unknown, offset_mismatch, length_invalid, beyond_total_bytes, file_too_large,
    // upload_is_joined, media_expired, media_canceled, quota_exceeded; these leave an earlier request alone. From a
    // success on, that one is ended.
    Result<StreamAppend> begin(const AppendToStream& wanted);
    // Where the next bytes go. `expected`: at most so many will come, if that is known.
    Result<Incoming> begin_piece(StreamAppend& append, std::optional<ByteCount> expected);
    // Durable, and part of the offset, when it returns. Errors: those of lost().
    Result<void> store(StreamAppend& append, Incoming piece);
    // Why nothing more of it is stored, where that is so: upload_taken_over, or what the upload ended by.
    Error lost(const StreamAppend& append) const;
    // After its last byte: records the length, completes what is whole. length_invalid: what came is kept.
    Result<Upload> finish(StreamAppend append);

    // In any state but gone; takes no lock. Errors: media_unknown, media_expired, media_canceled.
    Result<Upload> find(const Principal& owner, MediaId id);
    // The same after a request that runs has stored what came, if it does so in a moment.
    Result<Upload> find_settled(const Principal& owner, MediaId id);
    // For protocols in which a stream ends with its length: one that is whole and open, since the request with its last byte
    // died between that and the end, is completed, or joined with what waits for it. Others are returned as they are. Errors: what is whole and can
    // never be completed (a sync that failed) is no success.
    Result<Upload> end_if_whole(Upload upload);
    // Whether its first `length` bytes have this CRC-32C; also true if that can no longer be told.
    Result<bool> begins_with(const Upload& upload, ByteCount length, std::uint32_t crc);
    // All bytes that have come, in their order, for whoever needs a digest of them.
    Result<void> read(
        const Principal& owner,
        MediaId id,
        const std::function<void(std::span<const std::byte>)>& take
    );
    // Whether a request appends to it just now, of whatever node that answers in time. Blocking.
    bool is_fed(MediaId id);
    // Ends the request that runs, and the upload; of a part also what waits for it. _any: of any kind.
    Result<Upload> cancel(const Principal& owner, MediaId id);
    Result<Upload> cancel_any(const Principal& owner, MediaId id);
    // The same while it is open; one that was completed meanwhile has been acknowledged, and stays.
    Result<void> cancel_open(const Principal& owner, MediaId id);

    // For the other nodes: the right to append that requests of this process have.
    StreamLeases& leases() { return leases_; }
    ByteCount length_max() const { return uploads_.limits().upload_bytes_max; }

  private:
    Result<UploadWithSegments> load(const Principal& owner, MediaId id);
    Result<Upload> find_for_change(const Principal& owner, MediaId id);
    Result<void> take(StreamAppend& append, MediaId id);
    Result<void> admit(const AppendToStream& wanted, const Upload& upload) const;
    Result<void> admit_length(const AppendToStream& wanted, const Upload& upload) const;
    Result<ByteCount> admit_growth(const AppendToStream& wanted, const Upload& upload) const;
    Result<void> check_new(const CreateStream& wanted, ByteCount length) const;
    Result<Upload> insert(const CreateStream& wanted, NewUpload fresh);
    Result<void> check_parts(const CreateStream& wanted);
    Result<void> extend(StreamAppend& append, std::optional<Segment> segment);
    Result<Upload> complete(const Principal& owner, MediaId id);
    // Joins it if all of its parts are whole.
    Result<Upload> try_join(const Upload& joined);
    Result<void> join_waiting(const Principal& owner, MediaId part);
    WallTime expiry_of(const Upload& upload) const;
    std::uint64_t drops_so_far() const;
    bool is_known_whole(MediaId id);

    UploadServices services_;
    Uploads& uploads_;
    StreamLeases leases_;
    std::array<PassedLock, 64> takes_;  // by upload: lease and token in one order, with peers
    WholeStreams whole_;
    StreamTails tails_;
};

}  // namespace sluice
