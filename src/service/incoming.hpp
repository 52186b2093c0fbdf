// Incoming: the bytes of one segment, or of a whole small file, on their way from a request into a
// BlobStore. A resource: destroying it before its use case took it over undoes what was written.
// One thread at a time; write() blocks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/ids.hpp"
#include "base/rare.hpp"
#include "base/result.hpp"
#include "core/mistaken_content.hpp"
#include "core/segment.hpp"
#include "service/in_flight.hpp"
#include "store/blob_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

// A sentence with a blank before it: of what size segments of such an upload are best.
std::string advised_size(ByteCount total, ByteCount limit);

class Incoming {
  public:
    struct Words {
        std::string facts;                          // empty: the numbers alone
        std::string next_query = {};                // see Error
        std::optional<SizeLimit> of_category = {};  // see Error
    };
    // What refuses bytes beyond the limit: a segment, or a file that was to come in one call.
    struct Limit {
        ByteCount bytes_max;
        ErrorCode code = ErrorCode::segment_too_large;
        ByteCount total = {};  // of the upload that this is a segment of, for advice; 0: of none
        Rare<Words> words = {};

        Error refusal() const;
    };
    // Told by the first bytes what the limit is, or that more is not wanted.
    using JudgeStart = std::function<Result<Limit>(std::span<const std::byte>)>;

    // `writer` may be empty: the bytes are staged under `staging_id` when the first one comes.
    Incoming(BlobStore& blobs, BlobId staging_id, std::unique_ptr<BlobWriter> writer, Limit limit);

    void judge_start_with(JudgeStart judge) { judge_start_ = std::move(judge); }
    // Of start() as much as tells a mistake for media, and nothing once it is plain that it is none: thousands may
    // stand in the middle of their bytes.
    void keep_mistaken_start() {
        start_max_ = mistaken_content_bytes;
        drops_plain_start_ = true;
    }

    // True: write() may be called by whoever has little time, if it is_quick(). Each step has the length of a quick write();
    // those that were not taken are taken by write().
    bool prepare_more();
    // Errors: those of the limit and of the judge, storage_full, storage_failed.
    Result<void> write(std::span<const std::byte> bytes);
    // Whether write() of so many bytes copies to memory and no more, so that a loop may call it.
    bool is_quick(ByteCount next) const { return writer_ && writer_->is_quick(next); }
    // Where the next bytes may be received before write() is told of them; see BlobWriter.
    std::span<std::byte> memory() { return writer_ ? writer_->memory() : std::span<std::byte>(); }
    // Where the next `length` bytes may be put without write(); see DirectRange.
    std::optional<DirectRange> direct_range(ByteCount length) const;
    // Instead of write(): these are put there now. Errors: those of the limit and of the judge.
    Result<void> pass(std::span<const std::byte> bytes);
    // Putting them failed, and with it all of this; returns what to say.
    Error direct_failed(Error error);
    // Durable. An empty one has an extent without a blob.
    Result<Extent> commit();

    ByteCount length() const { return length_; }
    std::uint32_t crc() const { return crc_; }
    BlobId staging_id() const { return staging_id_; }
    // The first bytes, enough to tell what the content is; see keep_mistaken_start().
    std::span<const std::byte> start() const { return start_; }
    // Keeps FINALIZE from judging while bytes of its upload are on their way.
    void hold(InFlight::Token token) {
        token_ = std::move(token);
        token_.has_received(length_);
    }

    const InFlight::Token& token() const { return token_; }
    // The client is alive, though what it sent is still in a buffer.
    void beat() { token_.beat(); }

  private:
    Result<void> admit(std::span<const std::byte> bytes);
    void note(std::span<const std::byte> bytes);
    void note_start(std::span<const std::byte> bytes);
    Result<void> move_to_staging();
    // A full disk with the numbers that its owner will ask for.
    Error with_room(Error error) const;

    BlobStore& blobs_;
    BlobId staging_id_;
    std::unique_ptr<BlobWriter> writer_;
    Limit limit_;
    JudgeStart judge_start_;
    ByteCount length_;
    std::uint32_t crc_ = 0;
    std::vector<std::byte> start_;
    std::size_t start_max_ = 4096;
    bool drops_plain_start_ = false;
    InFlight::Token token_;
};

}  // namespace sluice
