// The text fields of a body that no signature covers (multipart, JSON), for telling a client that
// it signed them. Read only when a call is refused anyway, and only as far as costs little.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <string>

#include "http/body_reader.hpp"
#include "http/request.hpp"
#include "protocol/oauth/oauth1_fields.hpp"

namespace sluice::protocol {

struct UnsignedFields {
    oauth::Parameters parameters;
    std::string kind;  // "multipart" or "JSON"
};

// Nothing of a client that waits for "100 Continue", and nothing behind the first 64 KiB.
boost::asio::awaitable<UnsignedFields> read_unsigned_fields(
    const http::Request& request, http::BodyReader& body
);

}  // namespace sluice::protocol
