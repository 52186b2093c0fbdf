// Which APPENDs of an upload are being received by this process, so that FINALIZE can say "still
// running" instead of "missing", and with how many bytes. Thread-safe; never suspends.
#pragma once

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "core/segment.hpp"

namespace sluice {

class InFlight {
    struct Entry {
        std::optional<SegmentIndex> index;
        std::atomic<std::uint64_t> bytes{0};
        std::atomic<std::uint64_t> beats{0};
        Entry* next = nullptr;  // of the same upload, that began later
    };

  public:
    struct Running {
        std::optional<SegmentIndex> index;  // nothing: not told yet
        ByteCount so_far;
    };

    struct Other {
        ByteCount so_far;
        std::uint64_t beats = 0;  // grows as long as bytes come
    };

    // Counts for one upload as long as it lives.
    class Token {
      public:
        Token() = default;
        Token(InFlight& owner, MediaId id, std::unique_ptr<Entry> entry)
            : owner_(&owner), id_(id), entry_(std::move(entry)) {}
        Token(Token&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)),
              id_(other.id_),
              entry_(std::move(other.entry_)) {}
        Token& operator=(Token&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(id_, other.id_);
            std::swap(entry_, other.entry_);
            return *this;
        }
        Token(const Token&) = delete;
        Token& operator=(const Token&) = delete;
        ~Token() {
            if (owner_ != nullptr) {
                owner_->leave(id_, entry_.get());
            }
        }

        void has_received(ByteCount so_far) {
            if (entry_) {
                entry_->bytes.store(so_far.value, std::memory_order_relaxed);
            }
        }

        // Bytes came from the client, though they may not have reached the store yet.
        void beat() {
            if (entry_) {
                entry_->beats.fetch_add(1, std::memory_order_relaxed);
            }
        }

      private:
        friend class InFlight;
        InFlight* owner_ = nullptr;
        MediaId id_;
        std::unique_ptr<Entry> entry_;
    };

    Token enter(MediaId id, std::optional<SegmentIndex> index = std::nullopt) {
        auto entry = std::make_unique<Entry>();
        entry->index = index;
        const std::lock_guard guard(mutex_);
        Entry** last = &first_[id];
        while (*last != nullptr) {
            last = &(*last)->next;
        }
        *last = entry.get();
        return {*this, id, std::move(entry)};
    }

    // One with this index that began before `own`.
    std::optional<Other> other_of(MediaId id, SegmentIndex index, const Token& own) const {
        const std::lock_guard guard(mutex_);
        for (const Entry* entry = first_of(id); entry != own.entry_.get() && entry != nullptr;
             entry = entry->next) {
            if (entry->index == index) {
                return Other{
                    {entry->bytes.load(std::memory_order_relaxed)},
                    entry->beats.load(std::memory_order_relaxed)
                };
            }
        }
        return std::nullopt;
    }

    int count(MediaId id) const { return static_cast<int>(list(id).size()); }

    // In the order in which they began.
    std::vector<Running> list(MediaId id) const {
        const std::lock_guard guard(mutex_);
        std::vector<Running> running;
        for (const Entry* entry = first_of(id); entry != nullptr; entry = entry->next) {
            running.push_back({entry->index, {entry->bytes.load(std::memory_order_relaxed)}});
        }
        return running;
    }

  private:
    const Entry* first_of(MediaId id) const {
        const auto found = first_.find(id);
        return found == first_.end() ? nullptr : found->second;
    }

    void leave(MediaId id, const Entry* entry) {
        const std::lock_guard guard(mutex_);
        const auto found = first_.find(id);
        Entry** at = &found->second;
        while (*at != entry) {
            at = &(*at)->next;
        }
        *at = entry->next;
        if (found->second == nullptr) {
            first_.erase(found);
        }
    }

    mutable std::mutex mutex_;
    std::unordered_map<MediaId, Entry*> first_;  // that are still running, each its token's
};

using RunningAppends = std::vector<InFlight::Running>;

}  // namespace sluice
