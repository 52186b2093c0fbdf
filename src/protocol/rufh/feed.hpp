// The body of one creation or append on its way into its upload, with the interim answers and digests that
// belong to it. One request's coroutine.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "http/body_reader.hpp"
#include "protocol/common/context.hpp"
#include "protocol/common/exchange.hpp"
#include "protocol/rufh/fields.hpp"

namespace sluice::protocol::rufh {

inline constexpr std::string_view interim_status = "104 Upload Resumption Supported";

// Whether the client of this request is known to understand a 104.
bool speaks_interim(const Context& context, const Fields& fields);
// The version of the request as a field line of a 104; empty: it has none.
std::string version_line(const Fields& fields);

struct Fed {
    Upload upload;
    std::string digest;  // Repr-Digest of the answer; empty: nobody asked
};

// What an earlier request has completed, for one that says the same again.
boost::asio::awaitable<Fed> fed_before(
    const Context& context, const http::Request& request, Upload upload
);

// The bytes of this request behind those that are there; with ?1 the upload is complete afterwards. Errors:
// those of the body and of Streams; checksum_invalid, checksum_mismatch of Content-Digest: nothing was
// kept; digest_mismatch of Repr-Digest (told at creation, or behind the body of one that is the whole
// file): the upload is gone. Precondition: `fields.is_complete` is known.
boost::asio::awaitable<Result<Fed>> feed(
    const Context& context,
    Exchange& exchange,
    AppendToStream wanted,
    const Fields& fields,
    http::BodyReader& body
);

}  // namespace sluice::protocol::rufh
