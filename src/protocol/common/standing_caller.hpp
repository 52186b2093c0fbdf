// Whether a caller is still let in while a long answer runs: its key is neither revoked, expired nor
// renewed, and the session of its cookie has not ended. For the loop that answers it; `keys` and the
// pool outlive it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "protocol/common/exchange.hpp"
#include "runtime/run_blocking.hpp"
#include "service/keys.hpp"

namespace sluice::protocol {

class StandingCaller {
  public:
    StandingCaller(Keys& keys, runtime::BlockingPool& reads, const Exchange& exchange);

    // True where the store cannot tell just now.
    boost::asio::awaitable<bool> is_let_in();

  private:
    Result<bool> is_good(WallTime now);

    Keys& keys_;
    runtime::BlockingPool& reads_;
    const std::string bearer_digest_;
    const std::string consumer_key_;  // neither: the operator, by the link of the start
    const std::optional<WallTime> ends_;
    const std::string session_mark_;  // of a console's cookie, which somebody may sign out of
};

}  // namespace sluice::protocol
