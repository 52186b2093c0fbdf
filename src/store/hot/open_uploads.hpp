// OpenUploads: open uploads with their segments as the store has them, in memory, so that an APPEND and a FINALIZE
// need not read what this process has just written. The store is the truth: what is being written is not told from
// here until it is over, what was read while it was written is not kept, and after a write that failed nothing is
// known. Bounded. Only of kind segments: streams are written to in ways of their own. For a store that this process
// alone writes to. From any thread; no call waits for the store.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <optional>
#include <unordered_map>

#include "store/metadata_store.hpp"

namespace sluice {

class OpenUploads {
  public:
    std::optional<UploadWithSegments> find(const Principal& owner, MediaId id) const;

    // One look into the store, begun before it.
    class Reading {
      public:
        Reading(OpenUploads& of, MediaId id);
        ~Reading();
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;
        // Kept if nothing was written meanwhile.
        void found(const UploadWithSegments& there);

      private:
        OpenUploads& of_;
        MediaId id_;
        std::uint64_t seen_ = 0;
    };

    // One write to an upload, for as long as it lives.
    class Write {
      public:
        Write(OpenUploads& of, MediaId id);
        ~Write();
        Write(const Write&) = delete;
        Write& operator=(const Write&) = delete;
        // As it was known before; to be changed as the store changed it, and given back by done().
        std::optional<UploadWithSegments>& known() { return known_; }
        // The store has done it. Not called: nobody knows.
        void done() { is_done_ = true; }

      private:
        OpenUploads& of_;
        MediaId id_;
        std::optional<UploadWithSegments> known_;
        std::uint64_t begun_ = 0;
        bool is_done_ = false;
    };

  private:
    static constexpr std::size_t shard_count = 64;
    // A full shard forgets what it knows: whoever sends bytes is there again with the next call. In the worst case
    // 15 MiB in all.
    static constexpr std::size_t known_max = 16;
    static constexpr std::size_t segments_max = 2000;

    struct Entry {
        std::optional<UploadWithSegments> known;
        std::uint64_t changes = 0;  // grows when a write begins and when it ends
        std::uint32_t writes = 0;   // under way
        std::uint32_t readings = 0;
    };
    struct Shard {
        mutable std::mutex mutex;  // guards all below
        std::unordered_map<std::uint64_t, Entry> entries;
        std::size_t known = 0;
        std::size_t segments = 0;  // of those

        std::optional<UploadWithSegments> taken(Entry& entry);
        void keep(Entry& entry, UploadWithSegments there);
        void drop_if_empty(MediaId id, const Entry& entry);
        void forget_all();
    };
    Shard& shard_of(MediaId id);
    const Shard& shard_of(MediaId id) const;

    std::array<Shard, shard_count> shards_;
};

}  // namespace sluice
