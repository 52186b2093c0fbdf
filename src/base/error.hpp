// Error: one refusal or failure, as a value. The code says which row of the catalogue it is; the
// facts are for the caller (numbers, got and expected); the detail is for the log and never leaves
// the server.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/error_code.hpp"

namespace sluice {

// The limit that a file is beyond. X has another text for each kind of media.
struct SizeLimit {
    enum class Of : std::uint8_t { picture, gif, video };
    Of of = Of::video;
    std::uint64_t bytes = 0;
};

struct Error {
    ErrorCode code = ErrorCode::internal;
    // Public: full sentences with got and expected. Empty: the title of the catalogue says it all.
    std::string facts = {};
    // Private: errno texts, SQL states, names of files. Logged, never sent.
    std::string detail = {};
    // The upload that the error is about, so that a protocol can print the next call; 0 is none.
    std::uint64_t media_id = 0;
    // When asking again makes sense; 0 is "not said".
    std::chrono::seconds retry_after{0};
    // The parameters of the next call of v1.1 if it needs more than the id, as a query string.
    std::string next_query = {};
    // The cause that a faithful X would answer with, if it is not this one.
    std::optional<ErrorCode> x_like = std::nullopt;
    // The file is too large for this; a faithful X says so whatever the code.
    std::optional<SizeLimit> size_limit = std::nullopt;
    // A sync failed: nobody knows what the disk holds of what was written, and no later sync can tell
    // (Linux says it once). Final for the upload whose bytes these are.
    bool is_lost_sync = false;
    // Unless these bytes share a file with those that the sync was for: then they may be whole, and
    // reading them from the disk tells.
    bool may_be_read_back = false;
    // What was to be read ends before: the bytes are not there, whereas another failure says nothing
    // about them.
    bool is_too_short = false;
};

// An operating system call that failed: the code by errno (ENOSPC and EDQUOT are storage_full), the
// text and `what` in the detail.
Error system_error(int error_number, std::string what);
// The same of fsync(2) and its kin: is_lost_sync, with the cause in the facts.
Error sync_error(int error_number, std::string what);

}  // namespace sluice
