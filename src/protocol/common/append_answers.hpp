// What APPEND is told beside the bare refusal, and what it waits for: the index that is free, the size
// a segment must have, another connection that sends the same segment. Used by x_calls alone.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <vector>

#include "protocol/common/context.hpp"
#include "protocol/common/receive_form.hpp"

namespace sluice::protocol {

// Adds to a wrong or missing segment_index what this upload has.
boost::asio::awaitable<Error> with_indexes(
    const Context& context, const Principal& owner, MediaId id, Error error
);

// The media is wrong in itself: said only if nothing that comes first in the order of judgement is.
boost::asio::awaitable<Result<Upload>> refuse_media(
    const Context& context, AppendTarget target, Error of_the_media
);

// X's Android app sends segment_md5. Content-MD5 is of the body (RFC 1864), but people put the digest
// of the segment there.
std::vector<SentDigest> digests_of(const http::Request& request, const ReceivedForm& form);

// Two connections send the same segment: an early retry, or two writers. A retry beside a connection
// that died must go through, so only one that still moves is waited for, and then named. Errors:
// segment_in_flight.
boost::asio::awaitable<Result<void>> wait_for_the_same(
    const Context& context, const AppendTarget& target, const Incoming& mine
);

}  // namespace sluice::protocol
