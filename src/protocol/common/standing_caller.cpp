#include "protocol/common/standing_caller.hpp"

namespace sluice::protocol {

StandingCaller::StandingCaller(Keys& keys, runtime::BlockingPool& reads, const Exchange& exchange)
    : keys_(keys),
      reads_(reads),
      bearer_digest_(exchange.bearer_digest),
      consumer_key_(exchange.claimed_key),
      ends_(exchange.session_ends) {}

Result<KnownKeyPtr> StandingCaller::find() {
    return bearer_digest_.empty() ? keys_.find_consumer(consumer_key_)
                                  : keys_.find_bearer(bearer_digest_);
}

boost::asio::awaitable<bool> StandingCaller::is_let_in() {
    const WallTime now = keys_.now();
    if (ends_ && *ends_ <= now) {
        co_return false;
    }
    if (bearer_digest_.empty() && consumer_key_.empty()) {
        co_return true;
    }
    auto work = [this] { return find(); };
    const auto found = co_await runtime::run_blocking(reads_, std::move(work));
    if (!found) {
        co_return true;
    }
    const bool is_known = *found != nullptr;
    co_return is_known && !(*found)->key.revoked_at &&
        (!(*found)->key.expires_at || *(*found)->key.expires_at > now);
}

}  // namespace sluice::protocol
