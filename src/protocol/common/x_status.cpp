#include <array>
#include <cstdio>
#include <utility>

#include "protocol/common/in_store.hpp"
#include "protocol/common/moment.hpp"
#include "protocol/common/rate_gate.hpp"
#include "protocol/common/x_calls.hpp"
#include "protocol/common/x_synchronous.hpp"

namespace sluice::protocol {
namespace {

using boost::asio::awaitable;

std::string polling_notice(const Poll& poll) {
    const double asked = static_cast<double>(poll.asked_after->count()) / 1000.0;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", asked);
    return "polling_too_fast; asked_after=" + std::string(text.data()) +
           "; advised=" + std::to_string(poll.advised->count());
}

// Of an upload under way. Too early is answered all the same, and said; only an absurd rate is
// refused, once the state is known to be one that asking does not change.
Result<UploadStatus> judge_poll(const Context& context, Exchange& exchange, UploadStatus status) {
    if (context.polling == nullptr) {
        return status;
    }
    auto poll = context.polling->asked(
        exchange.caller->principal, status.upload.id, *status.check_after, now_of(context, exchange)
    );
    exchange.advised = poll.check_after;
    exchange.asked_after = poll.asked_after;
    exchange.advised_before = poll.advised;
    if (poll.refusal) {
        return *std::move(poll.refusal);
    }
    status.check_after = poll.check_after;
    if (poll.is_too_early) {
        exchange.notice = polling_notice(poll);
    }
    return status;
}

bool is_unknown(const Error& refused) {
    return refused.code == ErrorCode::media_unknown || refused.code == ErrorCode::media_id_rounded;
}

// In place: an upload is dear to move.
void judge(const Context& context, Exchange& exchange, Result<UploadStatus>& found) {
    if (!found) {
        // What an upload of the caller's lacks is told for ever; an id that is none of his, within the rate.
        if (is_unknown(found.error())) {
            found = RateGate(context, exchange).admit_refused(std::move(found).error());
        }
        return;
    }
    if (auto admitted = RateGate(context, exchange).admit(); !admitted) {
        found = std::move(admitted).error();
        return;
    }
    if (found->check_after) {
        found = judge_poll(context, exchange, *std::move(found));
    }
    if (context.fidelity == Fidelity::faithful) {
        found = shown(context, std::move(found), status_on_x);
    }
}

}  // namespace

std::optional<Result<UploadStatus>> x_status_at_once(
    const Context& context, Exchange& exchange, MediaId id
) {
    exchange.call = "STATUS";
    exchange.media_id = id;
    auto found =
        context.uploads.status_at_once(exchange.caller->principal, id, now_of(context, exchange));
    if (found) {
        judge(context, exchange, *found);
    }
    return found;
}

awaitable<Result<UploadStatus>> x_status(const Context& context, Exchange& exchange, MediaId id) {
    if (auto at_once = x_status_at_once(context, exchange, id)) {
        co_return *std::move(at_once);
    }
    auto work = [&context, owner = exchange.caller->principal, id] {
        return context.uploads.status(owner, id);
    };
    auto found = co_await in_store(exchange, context.reads, std::move(work));
    judge(context, exchange, found);
    co_return found;
}

}  // namespace sluice::protocol
