// Who a call is of by the cookie of the console.
#include "protocol/common/authenticator.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol {

using boost::asio::awaitable;

// Nothing if nobody is signed in, or has signed out meanwhile.
awaitable<Result<std::optional<ConsoleSessions::Session>>> Authenticator::session_of(
    const http::Request& request
) {
    auto session = sessions_ == nullptr ? std::nullopt : sessions_->session_of(request);
    if (session) {
        auto work = [this, mark = session->mark] { return keys_.is_session_ended(mark); };
        const auto ended = co_await runtime::run_blocking(reads_, std::move(work));
        if (!ended || *ended) {
            using Nobody = Result<std::optional<ConsoleSessions::Session>>;
            co_return ended ? Nobody(std::nullopt) : ended.error();
        }
    }
    co_return session;
}

// What the cookie of the console stands for.
awaitable<Result<Identity>> Authenticator::by_session(
    Exchange& exchange, ConsoleSessions::Session session
) {
    exchange.session = SessionOfCall{.ends = session.ends, .mark = session.mark};
    if (session.holder == ConsoleSessions::operator_holder) {
        co_return Identity{.principal = {session.holder}, .name = session.holder};
    }
    exchange.bearer_digest = session.holder;
    co_return co_await by_digest(std::move(session.holder));
}

}  // namespace sluice::protocol
