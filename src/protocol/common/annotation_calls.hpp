// The calls about what hangs on an upload, and the use of media, as both versions of X's API have
// them: values in, a use case's outcome out, on the blocking pool. Precondition of all: the exchange
// knows its caller. Each notes in the exchange which call it is and what it is about.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/common/media_metadata.hpp"
#include "protocol/common/subtitle_request.hpp"

namespace sluice::protocol {

boost::asio::awaitable<Result<Attachments>> x_annotate(
    const Context& context, Exchange& exchange, MediaId id, MediaMetadata metadata
);
boost::asio::awaitable<Result<Attachments>> x_attach_subtitles(
    const Context& context, Exchange& exchange, SubtitleRequest request
);
boost::asio::awaitable<Result<Attachments>> x_detach_subtitles(
    const Context& context, Exchange& exchange, SubtitleRequest request
);
boost::asio::awaitable<Result<Medium>> x_look_up(
    const Context& context, Exchange& exchange, MediaId id
);

// A post or a message, though nothing is published: the smallest thing that uses media.
struct Used {
    std::uint64_t id = 0;  // of the post or message
    std::vector<Medium> media;
};
boost::asio::awaitable<Result<Used>> x_use(
    const Context& context, Exchange& exchange, std::vector<MediaId> media, UsedIn used_in
);

}  // namespace sluice::protocol
