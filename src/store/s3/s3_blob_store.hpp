// S3BlobStore: blobs as objects of one bucket. Every blob, and so every segment that comes, is an
// object of its own under a key that is never used for anything else: "blobs/DAY/ID", from the id
// alone, so that keys sort by time. place() is always refused with store_conflict: nothing can be
// written in place here. What is no longer than a piece goes in one PUT, what is longer in parts of a
// piece's length; commit() returns when the store has said 200, so there is nothing to make durable.
// Thread-safe; each writer is one thread's at a time and must not outlive the store.
//
// An object that was made and whose id no row names is an orphan: a process died, or a PUT that was
// given up took effect later. remove_orphans() finds them by listing the bucket, in which nothing but
// this installation's may be.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/clock.hpp"
#include "store/blob_store.hpp"
#include "store/orphan_look.hpp"
#include "store/s3/client.hpp"
#include "store/s3/piece.hpp"

namespace sluice {

struct S3Options {
    std::string scratch;                         // a folder of this machine
    ByteCount piece{std::uint64_t{8} << 20};     // S3 demands at least 5 MiB
    ByteCount memory{std::uint64_t{128} << 20};  // of all pieces on their way
    s3::ClientOptions client;
};

class S3BlobStore final : public BlobStore {
  public:
    using Between = std::function<Result<void>()>;

    // Makes sure that the bucket is there and takes our credentials: else an Error whose facts say
    // which of it is wrong.
    static Result<std::unique_ptr<S3BlobStore>> open(
        s3::Location location, const Clock& clock, S3Options options
    );

    Result<std::unique_ptr<BlobWriter>> stage(BlobId id) override;
    Result<std::unique_ptr<BlobWriter>> place(const Placement& placement) override;
    Result<void> make_durable(const std::vector<Extent>&) override { return ok(); }
    Result<void> read(const Extent& extent, ByteOffset offset, std::span<std::byte> bytes) override;
    Result<void> read_within(
        std::chrono::milliseconds patience,
        const Extent& extent,
        ByteOffset offset,
        std::span<std::byte> bytes
    ) override;
    Result<std::string> as_local_file(const std::vector<Extent>& layout, const std::string& scratch)
        override;
    Result<std::string> fetch(
        const std::vector<Extent>& layout, const std::string& scratch, const Between& between
    ) override;
    Result<AdoptedFile> adopt_file(BlobId id, const std::string& path) override;
    // Of a blob that many uploads share (brought here by a migration) nothing can be taken away: it
    // goes as a whole when nobody names it any more.
    Result<void> remove(const Extent& extent) override;
    Result<ByteCount> free_space() override;
    ByteCount read_ahead() const override { return {std::uint64_t{1} << 20}; }
    std::optional<std::string> link_to(const Extent& extent, const LinkTerms& terms) override;

    // Every object, in the order of their ids, until `visit` says false.
    Result<void> each_blob(const std::function<bool(BlobId, WallTime)>& visit);
    // Takes away what was made before `before`, is named by nobody, and was so already at an earlier
    // call: between the two every commit has ended. Also parts that were begun before then and never
    // put together. Returns how many of both. One that was over too soon does not count as a call.
    Result<std::uint32_t> remove_orphans(const OrphanLook& look);
    // A file of this machine as the blob of this id; for moving here. No error if it is there
    // already, as it was.
    Result<void> copy_in(BlobId id, const std::string& path);

    // Small texts beside the blobs (s3_texts.cpp); empty if there is none. `patience`: as of a call.
    struct TaggedText {
        std::string text, tag;
    };
    Result<TaggedText> read_tagged(const std::string& name, std::chrono::milliseconds patience);
    void find_credentials() { client_.find_credentials(); }
    Result<std::string> read_text(const std::string& name);
    // Only in place of the text with this tag; of none, if it is empty. store_conflict: something else is
    // there, perhaps this one, its answer lost. A store without conditions writes over whatever is there.
    Result<void> write_text(
        const std::string& name,
        const std::string& text,
        const std::string& tag,
        std::chrono::milliseconds patience = {}
    );

    // Asked before and after anything is made, and before anything is removed: an error ends it. From any
    // thread; set before there are several.
    void guard_by(std::function<Result<void>()> may_change) { may_change_ = std::move(may_change); }

    s3::Client::Load load() const { return client_.load(); }
    std::size_t memory_used() const { return budget_.used(); }
    std::string shown() const { return client_.location().shown(); }

  private:
    friend class S3BlobWriter;

    S3BlobStore(s3::Location location, const Clock& clock, S3Options options);

    // Whether another attempt takes another id, or the object may only be this one, as it was.
    enum class Ids : std::uint8_t { may_change, stay };

    BlobId fresh_id() const;
    Result<BlobId> put(BlobId id, const s3::Body& body, Ids ids);
    Result<std::string> begin_parts(BlobId id);
    Result<std::string> put_part(
        BlobId id, const std::string& upload, int number, const s3::Body& body
    );
    Result<void> join_parts(
        BlobId id, const std::string& upload, const std::vector<std::string>& tags, ByteCount length
    );
    void abandon_parts(BlobId id, const std::string& upload);
    void abandon_now(BlobId id, const std::string& upload);
    Result<BlobId> put_file(BlobId id, int file, ByteCount length, Ids ids);
    Result<void> put_parts(BlobId id, int file, ByteCount length);
    Result<void> copy_extent(const Extent& extent, int file, const Between& between);
    Result<bool> has_length(BlobId id, ByteCount length);
    using Page = std::vector<std::pair<BlobId, WallTime>>;
    Result<void> each_page(const std::function<bool(const Page&)>& visit);
    // Nothing if the look was over before the last page.
    Result<std::optional<std::set<BlobId>>> unnamed(const OrphanLook& look);
    Result<std::uint32_t> abandon_old_parts(WallTime before);

    const Clock& clock_;
    const S3Options options_;
    s3::Client client_;
    s3::PieceBudget budget_;
    std::function<Result<void>()> may_change_ = [] { return ok(); };
    std::mutex mutex_;           // guards the one below
    std::set<BlobId> suspects_;  // orphans at the last look
};

namespace s3 {

// "blobs/0a1b/00…ff": the day since the epoch of ids, then the id.
std::string key_of(BlobId id);
std::optional<BlobId> blob_of_key(std::string_view key);

}  // namespace s3

}  // namespace sluice
