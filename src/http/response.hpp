// A response as a value: status, fields, and a body that is either a string or a source of known
// length. The connection adds Date, Content-Length, Connection and X-Request-Id.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/fields.hpp"

namespace sluice::http {

// Gives the bytes of a long body piece by piece.
class BodySource {
  public:
    virtual ~BodySource() = default;
    virtual std::uint64_t length() const = 0;
    // Nobody knows how long it is: it ends with the connection, and `length` says nothing.
    virtual bool is_endless() const { return false; }
    // Fills up to bytes.size() and returns how many; 0 only at the end.
    virtual boost::asio::awaitable<Result<std::size_t>> read(std::span<std::byte> bytes) = 0;
    // The last so many bytes come again: they could not be sent yet, and nobody keeps them meanwhile.
    // Never asked of one that is endless.
    virtual void unread(std::uint64_t) {}
};

struct Response {
    int status = 200;
    Fields headers;
    std::string body;
    std::unique_ptr<BodySource> source;  // used instead of body if set
    bool close = false;                  // end the connection after this answer
    // Ends the connection when so much of the answer is sent, head included: a fault on purpose.
    std::optional<std::uint64_t> cut_after_bytes;
    std::shared_ptr<void> held;   // given back when the answer has been sent
    std::string route;            // closed set, for metrics and the log: "x1.append"
    std::string_view error_code;  // slug of the catalogue, for metrics, the log and the timeline
    std::string error_facts;      // what the caller was told beside it

    void set(FieldName name, std::string_view value) { headers.add(name, value); }
    // A literal.
    template <std::size_t length>
    void set(FieldName name, const char (&value)[length]) {
        headers.add_plain(name, {value, length - 1});
    }
    template <std::unsigned_integral Number>
    void set(FieldName name, Number number) {
        headers.add(name, std::uint64_t{number});
    }
};

// What a coroutine that waits for a body returns: its frame, and that of whoever waits for it, would have room for an
// answer for as long as the body takes.
using ResponsePtr = std::unique_ptr<Response>;

// For a handler that has nothing to wait for.
boost::asio::awaitable<ResponsePtr> answered(Response response);
// For one that waits for no long body.
boost::asio::awaitable<ResponsePtr> on_heap(boost::asio::awaitable<Response> answer);

std::string_view reason_phrase(int status);

}  // namespace sluice::http
