// HotUploads: the uploads that are asked for often, in memory, so that STATUS needs neither a thread
// nor the store. Bounded, and never ahead of the store nor behind it: what is being written is not
// told from here until the write is over, and what was read before a write is not kept after it.
// For a store that this process alone writes to. From any thread; no call waits for the store.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "core/upload.hpp"

namespace sluice {

struct HotUpload {
    Upload upload;
    WallTime asked_at;  // the store
    // Until its processing is over, as it was expected then; of what has told nothing itself yet.
    std::optional<std::chrono::milliseconds> left;
};

// What STATUS says of an open upload, but for how often it was asked before.
struct HotOpen {
    Principal owner;
    WallTime expires_at;
    std::string facts;
    std::uint32_t asked = 0;
};

class HotUploads {
  public:
    // What is said of a queue is told for so long: others in it may come to their end, which matters
    // the less the further its own end is.
    static std::chrono::milliseconds queue_time(std::chrono::milliseconds left) {
        return std::max(std::chrono::milliseconds{1000}, left / 10);
    }

    // How many writes of its part of the uploads a reader had seen when it asked the store.
    using Version = std::uint64_t;

    // To be taken before the store is asked. Nothing while the upload may be written to.
    std::optional<Version> version_of(MediaId id) const;
    // After one write of one's own, begun when this had been seen, if nobody else has written since.
    static std::optional<Version> after_own_write(std::optional<Version> seen) {
        return seen ? std::optional(*seen + 1) : std::nullopt;
    }
    // What the store said. Not kept if something was written since, nor in a state of which STATUS
    // tells more than this (open: the segments).
    void keep(HotUpload hot, std::optional<Version> seen);

    // Whichever of the two it is.
    struct Found {
        std::optional<HotUpload> upload;
        std::optional<HotOpen> open;
    };
    Found find_either(MediaId id, WallTime now) const;
    // The same of an open one, from its segments and its timeline.
    void keep_open(MediaId id, HotOpen hot, std::optional<Version> seen);
    // Its timeline has one more STATUS of the owner's.
    void was_asked(const Principal& owner, MediaId id);
    // Its timeline has something else that STATUS tells.
    void forget_open(MediaId id);

    // One write to an upload, for as long as it lives.
    class Write {
      public:
        Write(HotUploads& of, MediaId id);
        ~Write();
        Write(const Write&) = delete;
        Write& operator=(const Write&) = delete;

      private:
        HotUploads& of_;
        MediaId id_;
    };
    // A write to some upload that is queued or processed; which one shows when it is over.
    class Claim {
      public:
        explicit Claim(HotUploads& of);
        ~Claim();
        Claim(const Claim&) = delete;
        Claim& operator=(const Claim&) = delete;
        void was_of(MediaId id);
        void was_of_all();

      private:
        HotUploads& of_;
    };

  private:
    static constexpr std::size_t shard_count = 64;
    // A full shard is emptied: what is asked for often is there again with the next question.
    static constexpr std::size_t shard_max = 256;
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<std::uint64_t, HotUpload> uploads;
        std::unordered_map<std::uint64_t, HotOpen> open;
        // Nothing may be kept that was read at `seen`.
        bool is_outdated(std::optional<Version> seen) const {
            return !seen || writes_running > 0 || version != *seen;
        }
        Version version = 0;
        std::uint32_t writes_running = 0;
    };
    Shard& shard_of(MediaId id);
    const Shard& shard_of(MediaId id) const;
    // Under the shard's lock.
    std::optional<HotUpload> find_in(const Shard& shard, MediaId id, WallTime now) const;
    static std::optional<HotOpen> find_open_in(const Shard& shard, MediaId id);

    std::array<Shard, shard_count> shards_;
    std::atomic<std::uint32_t> claims_running_{0};
};

}  // namespace sluice
