// How many APPENDs of an upload are being received by this process, so that FINALIZE can say "still
// running" instead of "missing". Thread-safe; never suspends.
#pragma once

#include <mutex>
#include <unordered_map>
#include <utility>

#include "base/ids.hpp"

namespace sluice {

class InFlight {
  public:
    // Counts for one upload as long as it lives.
    class Token {
      public:
        Token() = default;
        Token(InFlight& owner, MediaId id) : owner_(&owner), id_(id) {}
        Token(Token&& other) noexcept
            : owner_(std::exchange(other.owner_, nullptr)), id_(other.id_) {}
        Token& operator=(Token&& other) noexcept {
            std::swap(owner_, other.owner_);
            std::swap(id_, other.id_);
            return *this;
        }
        Token(const Token&) = delete;
        Token& operator=(const Token&) = delete;
        ~Token() {
            if (owner_ != nullptr) {
                owner_->leave(id_);
            }
        }

      private:
        InFlight* owner_ = nullptr;
        MediaId id_;
    };

    Token enter(MediaId id) {
        const std::lock_guard guard(mutex_);
        ++counts_[id];
        return {*this, id};
    }

    int count(MediaId id) const {
        const std::lock_guard guard(mutex_);
        const auto found = counts_.find(id);
        return found == counts_.end() ? 0 : found->second;
    }

  private:
    void leave(MediaId id) {
        const std::lock_guard guard(mutex_);
        if (--counts_[id] == 0) {
            counts_.erase(id);
        }
    }

    mutable std::mutex mutex_;
    std::unordered_map<MediaId, int> counts_;
};

}  // namespace sluice
