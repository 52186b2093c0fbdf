// Receives a body that is one JSON object, whatever its Content-Type says: clients send it as
// text/plain, and without any (reference 8.2). What is no JSON is told with what it is, and a form
// is answered with the same as JSON.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/json/object.hpp>
#include <string_view>

#include "base/result.hpp"
#include "http/body_reader.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

// Of an alt text with every character escaped, and of 25 stickers, with much room.
inline constexpr std::size_t json_body_max = 256 * 1024;

// Errors: json_expected, `if_empty` (without a body), body_too_large, those of the body.
boost::asio::awaitable<Result<boost::json::object>> receive_json(
    Exchange& exchange, http::BodyReader& body, ErrorCode if_empty = ErrorCode::json_expected
);

// "a string", "a number", "a list"; for telling what came where something else belongs.
std::string_view kind_of(const boost::json::value& value);
// The same with the value's beginning: `a string ("123")`.
std::string described(const boost::json::value& value);

}  // namespace sluice::protocol
