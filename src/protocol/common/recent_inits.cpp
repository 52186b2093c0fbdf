#include "protocol/common/recent_inits.hpp"

#include <utility>

namespace sluice::protocol {

void RecentInits::note(const Principal& caller, std::string outcome) {
    const std::lock_guard guard(mutex_);
    const auto [at, is_new] = outcomes_.insert_or_assign(caller.id, std::move(outcome));
    if (!is_new) {
        return;
    }
    oldest_first_.push_back(caller.id);
    if (oldest_first_.size() > callers_max) {
        outcomes_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
}

std::string RecentInits::sentence_about(const Principal& caller) const {
    const std::lock_guard guard(mutex_);
    const auto found = outcomes_.find(caller.id);
    return found == outcomes_.end() ? "No INIT of yours has come since this server started."
                                    : "Your last INIT " + found->second;
}

}  // namespace sluice::protocol
