// Who appends to a stream. Whoever comes later takes it over at once: from then on nothing of the
// earlier request is stored. Thread-safe; in this process alone: between nodes the token does it that
// the store has with the stream (Peers).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/ids.hpp"
#include "service/passed_lock.hpp"

namespace sluice {

struct StreamLease {
    PassedLock mutex;  // held while bytes are being stored
    std::condition_variable_any settled;
    std::atomic<bool> is_lost = false;
    std::atomic<bool> is_asked_to_store = false;
    std::atomic<bool> has_unstored = false;
    std::atomic<std::uint64_t> token = 0;  // in the store; 0: not taken there, or not yet
};

class StreamLeases {
  public:
    std::shared_ptr<StreamLease> take(MediaId id) {
        auto lease = std::make_shared<StreamLease>();
        // A third one waits until the first has stored what it was storing when the second came.
        const std::lock_guard<PassedLock> own(lease->mutex);
        std::shared_ptr<StreamLease> before;
        {
            const std::lock_guard guard(mutex_);
            forget_ended();
            auto& entry = leases_[id];
            before = entry.lock();
            entry = lease;
            if (before != nullptr) {
                before->is_lost = true;  // from here on, however long its storing takes
            }
        }
        end(before);
        return lease;
    }

    // Ends the request that runs once `change` has succeeded; nothing of it is stored meanwhile. So whoever
    // finds it ended finds what it was ended by, too.
    template <class Change>
    auto end_by(MediaId id, Change change) {
        const auto lease = find(id);
        if (lease == nullptr) {
            return change();
        }
        const std::lock_guard<PassedLock> guard(lease->mutex);
        auto changed = change();
        if (changed) {
            lease->is_lost = true;
            lease->settled.notify_all();
        }
        return changed;
    }
    // Another node has taken the stream from the request with this token: it need read no more. Waits
    // for nothing: what it is storing now, the store refuses.
    void end_of_token(MediaId id, std::uint64_t token) {
        const auto lease = find(id);
        if (lease != nullptr && (token == 0 || lease->token == token)) {
            lease->is_lost = true;
        }
    }
    // Asks the request that runs to store what has come, and does not wait for it; nothing: it has
    // nothing to store. Done when it has no unstored bytes any more.
    std::shared_ptr<const StreamLease> ask_to_store(MediaId id) {
        auto lease = find(id);
        if (lease == nullptr || !lease->has_unstored) {
            return nullptr;
        }
        lease->is_asked_to_store = true;
        return lease;
    }

    bool is_held(MediaId id) { return find(id) != nullptr; }

    // Waits, a little, until the request that runs has stored what has come; nothing runs: at once.
    void settle(MediaId id, std::chrono::milliseconds patience) {
        const auto lease = find(id);
        if (lease == nullptr || !lease->has_unstored) {
            return;
        }
        lease->is_asked_to_store = true;
        // It may stand in a sync: that is not waited for much longer than for its bytes.
        if (!lease->mutex.try_lock_for(patience)) {
            return;
        }
        std::unique_lock<PassedLock> lock(lease->mutex, std::adopt_lock);
        lease->settled.wait_for(lock, patience, [&] { return !lease->has_unstored; });
    }

  private:
    // Now and then, so that each costs little.
    void forget_ended() {
        if (leases_.size() < forget_at_) {
            return;
        }
        std::erase_if(leases_, [](const auto& entry) { return entry.second.expired(); });
        forget_at_ = 2 * leases_.size() + 64;
    }

    std::shared_ptr<StreamLease> find(MediaId id) {
        const std::lock_guard guard(mutex_);
        const auto at = leases_.find(id);
        return at == leases_.end() ? nullptr : at->second.lock();
    }

    static void end(const std::shared_ptr<StreamLease>& lease) {
        if (lease != nullptr) {
            const std::lock_guard<PassedLock> guard(lease->mutex);
            lease->is_lost = true;
            lease->settled.notify_all();
        }
    }

    std::mutex mutex_;
    std::unordered_map<MediaId, std::weak_ptr<StreamLease>> leases_;
    std::size_t forget_at_ = 64;
};

}  // namespace sluice
