#include "protocol/common/standing_caller.hpp"

namespace sluice::protocol {

StandingCaller::StandingCaller(Keys& keys, runtime::BlockingPool& reads, const Exchange& exchange)
    : keys_(keys),
      reads_(reads),
      bearer_digest_(exchange.bearer_digest),
      consumer_key_(exchange.claimed_key ? *exchange.claimed_key : ""),
      ends_(exchange.session ? exchange.session->ends : std::nullopt),
      session_mark_(exchange.session ? exchange.session->mark : "") {}

Result<bool> StandingCaller::is_good(WallTime now) {
    if (!session_mark_.empty()) {
        auto ended = keys_.is_session_ended(session_mark_);
        if (!ended || *ended) {
            return ended ? Result<bool>(false) : std::move(ended);
        }
    }
    if (bearer_digest_.empty() && consumer_key_.empty()) {
        return true;
    }
    auto found = bearer_digest_.empty() ? keys_.find_consumer(consumer_key_)
                                        : keys_.find_bearer(bearer_digest_);
    if (!found) {
        return std::move(found).error();
    }
    const KnownKeyPtr& known = *found;
    return known != nullptr && !known->key.revoked_at &&
           (!known->key.expires_at || *known->key.expires_at > now);
}

boost::asio::awaitable<bool> StandingCaller::is_let_in() {
    const WallTime now = keys_.now();
    if (ends_ && *ends_ <= now) {
        co_return false;
    }
    if (session_mark_.empty() && bearer_digest_.empty() && consumer_key_.empty()) {
        co_return true;
    }
    auto work = [this, now] { return is_good(now); };
    const auto good = co_await runtime::run_blocking(reads_, std::move(work));
    co_return good ? *good : true;
}

}  // namespace sluice::protocol
