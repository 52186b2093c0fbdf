// Outcome<T>: a T, or the Failure that explains to a person why there is none. The client's own: it
// sees the server only from outside, so its codes are text as they came over the wire, and the kind
// is what a caller can act upon (the command line makes exit codes of it). A value; no threads, no
// I/O.
#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <utility>

namespace sluice::client {

enum class FailureKind : std::uint8_t {
    other,
    usage,
    local,        // configuration or the file on this machine
    auth,         // credentials or permission
    temporary,    // the tries are used up, a later one may succeed
    refused,      // the media itself: type, size, length
    processing,   // arrived, and could not be processed
    not_found,    // unknown or expired
    integrity,    // what arrived is not what was sent
    timeout,      // the caller's time is over; the work goes on
    interrupted,  // a signal; the state is saved
};

struct Failure {
    FailureKind kind = FailureKind::other;
    std::string code = {};     // stable snake_case, as the server says it
    std::string message = {};  // what happened, with got and expected
    std::string hint = {};     // one imperative sentence, or empty
    std::string next = {};     // a command that runs as printed, or empty
    std::string doc_url = {};
    std::string request_id = {};
    std::string media_id = {};  // of the upload that ended with this, if there is one
    int status = 0;             // HTTP; 0 when there was no answer
    std::optional<std::chrono::seconds> retry_after = std::nullopt;
};

template <class T>
class [[nodiscard]] Outcome : public std::expected<T, Failure> {
  public:
    using std::expected<T, Failure>::expected;
    Outcome(Failure failure) : std::expected<T, Failure>(std::unexpect, std::move(failure)) {}
};

}  // namespace sluice::client
