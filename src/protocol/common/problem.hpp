// Errors as application/problem+json (RFC 9457) with the members that every error of Sluice has;
// for v2, the native API and whatever else has no shape of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/json_writer.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "protocol/common/next_call.hpp"

namespace sluice::protocol {

// One text that says it all: title, facts, hint. For clients that show a single string. Here and below
// `hint` stands in for the catalogue's, whose words are those of X; empty: it does not.
std::string whole_message(const Error& error, std::string_view hint = {});

// The headers of every error of every protocol: Sluice-Error, Link rel="help", Retry-After,
// no-store.
void add_error_headers(http::Response& response, const Error& error, const http::Request& request);

// "http://host/docs/errors/finalize_missing"
std::string doc_url(const Error& error, const http::Request& request);
// The field Link that names it: "<...>; rel="help"".
std::string help_link(const Error& error, const http::Request& request);

// The same in JSON, where an answer says most of it twice: escaped once, and written in one piece. What it is made of
// outlives it.
class ErrorWords {
  public:
    ErrorWords(
        const Error& error,
        const std::optional<NextCall>& next,
        const http::Request& request,
        std::string_view hint = {}
    );
    std::size_t message_bytes() const;  // at most
    std::size_t truth_bytes() const;
    // The value whole_message().
    void put_message(RawText& out) const;
    // Members code, detail, hint, next, doc_url, request_id (into an open object).
    void put_truth(RawText& out) const;

  private:
    const Error& error_;
    const bool is_inspected_;
    JsonText facts_;
    JsonText other_hint_;
    JsonText base_url_;
    JsonText request_id_;
    NextInJson next_;
};

// The seconds of Retry-After for errors that have one; 0: none.
std::int64_t retry_after_of(const Error& error);

// A problem type that a specification names, with the numbers that it asks for.
struct ProblemType {
    std::string_view uri;
    std::vector<std::pair<std::string_view, std::uint64_t>> members = {};
};

// What a protocol says in words of its own.
struct ProblemWords {
    // Instead of our page about the code, which the answer links in any case.
    std::optional<ProblemType> type = std::nullopt;
    // Where the catalogue has another; the answer and its body say the same (RFC 9457, section 3.1.2).
    std::optional<int> status = std::nullopt;
    std::string_view hint = {};
};

http::Response problem_response(
    const Error& error,
    const std::optional<NextCall>& next,
    const http::Request& request,
    const ProblemWords& own = {}
);

// For a head that could not be read: there is no request to speak of.
http::Request request_without_head(const std::string& request_id);

}  // namespace sluice::protocol
