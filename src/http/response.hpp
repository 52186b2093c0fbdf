// A response as a value: status, fields, and a body that is either a string or a source of known
// length. The connection adds Date, Content-Length, Connection and X-Request-Id.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

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

// Of a header field that we send: known when we were compiled, so it costs no memory, and nothing of a
// request can become one.
class FieldName {
  public:
    consteval FieldName(const char* literal) : text_(literal) {}
    constexpr operator std::string_view() const { return text_; }
    friend bool operator==(FieldName name, std::string_view text) { return name.text_ == text; }

  private:
    std::string_view text_;
};

// What stands in such a field: a text of its own, or one that outlives the answer and costs no memory.
class FieldValue {
  public:
    FieldValue(std::string text) : own_(std::move(text)) {}
    static FieldValue lent(std::string_view text) {
        FieldValue value{std::string()};
        value.lent_ = text;
        return value;
    }
    operator std::string_view() const { return is_lent() ? lent_ : own_; }
    // Then it is of ours, and not of a request.
    bool is_lent() const { return lent_.data() != nullptr; }

  private:
    std::string own_;
    std::string_view lent_;
};

struct Response {
    int status = 200;
    std::vector<std::pair<FieldName, FieldValue>> headers;
    std::string body;
    std::unique_ptr<BodySource> source;  // used instead of body if set
    bool close = false;                  // end the connection after this answer
    // Ends the connection when so much of the answer is sent, head included: a fault on purpose.
    std::optional<std::uint64_t> cut_after_bytes;
    std::shared_ptr<void> held;   // given back when the answer has been sent
    std::string route;            // closed set, for metrics and the log: "x1.append"
    std::string_view error_code;  // slug of the catalogue, for metrics, the log and the timeline
    std::string error_facts;      // what the caller was told beside it

    void set(FieldName name, FieldValue value) {
        if (headers.empty()) {
            headers.reserve(16);  // most have more than eight
        }
        headers.emplace_back(name, std::move(value));
    }
    void set(FieldName name, std::string value) { set(name, FieldValue(std::move(value))); }
    // A literal.
    template <std::size_t length>
    void set(FieldName name, const char (&value)[length]) {
        set(name, FieldValue::lent({value, length - 1}));
    }
};

// For a handler that has nothing to wait for.
boost::asio::awaitable<Response> answered(Response response);

std::string_view reason_phrase(int status);

}  // namespace sluice::http
