// The calls of X's media API as both of its versions have them: parameters in, a use case's outcome
// out. v1.1 and v2 differ in where parameters stand and how answers look, not in what happens.
// Precondition of all: the exchange knows its caller. Each notes in the exchange which call it is
// and what it is about.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>

#include "protocol/common/context.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol {

// Where the media of this request goes: to its segment if all that names it came before, else to a
// place of its own. `path_id`: the id in the path of v2's append.
// Asks for admission, so that an APPEND beyond its rate is refused before its bytes come. All outlive it.
OpenMedia media_opener(const Context& context, Exchange& exchange, std::optional<MediaId> path_id);

// INIT. Errors also: media_in_init.
boost::asio::awaitable<Result<Upload>> x_initialize(
    const Context& context, Exchange& exchange, const ReceivedForm& form
);
// APPEND. Takes the media out of the form.
boost::asio::awaitable<Result<Upload>> x_append(
    const Context& context, Exchange& exchange, std::optional<MediaId> path_id, ReceivedForm& form
);
// FINALIZE; waits a little for APPENDs that are still being received, and for images also for their
// processing.
boost::asio::awaitable<Result<UploadStatus>> x_finalize(
    const Context& context, Exchange& exchange, MediaId id, const Parameters& parameters
);
// STATUS. Most are answered from memory, without a coroutine.
std::optional<Result<UploadStatus>> x_status_at_once(
    const Context& context, Exchange& exchange, MediaId id
);
boost::asio::awaitable<Result<UploadStatus>> x_status(
    const Context& context, Exchange& exchange, MediaId id
);
// All in one call; an image that cannot be processed is media_failed at once. Takes the media out of
// the form.
boost::asio::awaitable<Result<UploadStatus>> x_one_shot(
    const Context& context, Exchange& exchange, ReceivedForm& form
);

// A refusal about an upload that is named in it, with the state of that upload behind its facts.
boost::asio::awaitable<Error> x_with_state(
    const Context& context, const Exchange& exchange, Error error
);

}  // namespace sluice::protocol
