// Doubts: which uploads are not to be believed, and why. Two ways into it: a sync failed (final: the
// upload takes nothing more), and an unclean stop of the machine (the segments of open uploads are
// believed again once their checksums match; those that do not are forgotten, so that they are
// missing and can be sent again). While there is nothing to check, asking costs one atomic load.
// Thread-safe; check() reads media bytes and blocks.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/clock.hpp"
#include "store/blob_store.hpp"
#include "store/doubt_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

class Timeline;

class Doubts {
  public:
    Doubts(
        DoubtStore& store,
        MetadataStore& metadata,
        BlobStore& blobs,
        const Clock& clock,
        Timeline* timeline = nullptr
    )
        : store_(store), metadata_(metadata), blobs_(blobs), clock_(clock), timeline_(timeline) {}

    // How much is checked after the machine stopped without notice. Where all that was acknowledged
    // had been synced, a sample proves it; else nothing is believed unchecked.
    struct Scope {
        std::uint64_t uploads_max = ~std::uint64_t{0};  // the newest ones
        std::uint64_t bytes_max = ~std::uint64_t{0};
    };
    static constexpr Scope sample{1000, std::uint64_t{1} << 30};

    // What earlier processes left, and what is to be checked since then.
    Result<void> load(std::optional<Scope> to_check);

    // Durably, if the database still works; in this process in any case.
    void note_lost_sync(MediaId id, const Error& by_store);
    // Why an open upload takes no more bytes and cannot be finalized; nothing if it can.
    std::optional<Error> refusal_of(MediaId id) const;

    // False: refusal_of() and check() have nothing to say of it.
    bool may_doubt(MediaId id) const;
    bool has_unchecked() const { return has_unchecked_.load(std::memory_order_relaxed); }
    // Compares what the upload has with the disk, if that is due. True: segments were dropped, load
    // it again.
    Result<bool> check(MediaId id);
    // The next ones in the background; 0: nothing is left but those that the disk cannot read. These
    // are tried again when a call touches them, and after a restart.
    Result<std::uint32_t> check_next(std::uint32_t count_max);
    struct Found {
        std::uint64_t uploads = 0;
        std::uint64_t segments = 0;
        std::uint64_t bytes = 0;
        std::uint64_t dropped = 0;  // segments
    };
    Found found() const;
    // Segments of an open upload that were read and are not what was received: they are missing from
    // now on, durably. store_conflict if it is not open any more.
    Result<void> drop(const UploadWithSegments& found, const std::vector<SegmentIndex>& lost);
    // How often that happened in this process.
    std::uint64_t drops() const { return drops_.load(); }

    // The bytes of the upload go.
    Result<void> forget(MediaId id);

  private:
    // A check that runs, as long as it lives.
    class Running {
      public:
        Running(Doubts& doubts, MediaId id) : doubts_(doubts), id_(id) {}
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running();

      private:
        Doubts& doubts_;
        const MediaId id_;
    };

    bool look_for_more();
    Result<std::vector<MediaId>> next_to_check(std::uint32_t count_max);
    void note_unreadable(MediaId id, const Error& by_store);
    bool is_unreadable(MediaId id) const;
    Result<bool> compare_with_disk(MediaId id);
    Result<bool> settle(const UploadWithSegments& found, const std::vector<SegmentIndex>& lost);
    void tell(const UploadWithSegments& found, const std::vector<SegmentIndex>& lost);

    DoubtStore& store_;
    MetadataStore& metadata_;
    BlobStore& blobs_;
    const Clock& clock_;
    Timeline* timeline_;
    std::atomic<bool> has_unchecked_ = false;
    std::atomic<bool> has_finals_ = false;  // changed under the lock
    std::atomic<std::uint64_t> drops_ = 0;
    mutable std::mutex mutex_;  // guards all below
    std::condition_variable ended_;
    std::set<MediaId> running_;     // checks
    std::set<MediaId> unreadable_;  // in this run
    std::unordered_map<MediaId, Doubt> finals_;
    Found found_;
    std::uint64_t bytes_max_ = ~std::uint64_t{0};
};

}  // namespace sluice
