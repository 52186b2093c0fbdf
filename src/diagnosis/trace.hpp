// A Trace: calls that a client made to X's media API, or to a server that speaks it, with what came
// back, as far as it is known. Neutral: it may come from an upload's timeline, a HAR file or what
// curl printed. Never holds credentials. Values.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"

namespace sluice::diagnosis {

enum class Credentials : std::uint8_t { unknown, none, bearer, oauth1 };

// What the media of a call looked like.
struct SeenMedia {
    std::string name;                    // of the part or parameter: "media", "media_data", "file"
    std::optional<std::uint64_t> bytes;  // as it came
    std::string start;                   // the first bytes; empty if not recorded
    std::string file_name;
    bool says_base64 = false;  // Content-Transfer-Encoding, or a form in which "media" is base64
};

struct Call {
    std::optional<WallTime> at;  // when it was sent; in a run: the first
    std::optional<WallTime> last_at;
    bool is_coarse = false;   // the times are whole seconds
    std::uint32_t count = 1;  // alike calls in a row
    std::string method;
    std::string origin;  // "https://upload.twitter.com"
    std::string path;
    // What it is: INIT, APPEND, FINALIZE, STATUS, ONE_SHOT, METADATA, SUBTITLES, USE, LOOKUP, or a
    // step of processing ("job.failed"); empty: none of them.
    std::string command;
    std::map<std::string, std::string, std::less<>> parameters;  // without credentials and media
    bool hides_parameters = false;  // its body was not recorded: what it lacks is not known
    std::string content_type;
    std::optional<SeenMedia> media;
    std::string media_id;  // that it is about, or that it was answered
    std::optional<std::uint64_t> segment;
    Credentials credentials = Credentials::unknown;
    std::optional<std::int64_t> oauth_timestamp;
    std::string nonce_digest;  // to see the same one twice; never the nonce itself

    int status = 0;     // HTTP; 0: no answer, or not recorded
    std::string code;   // slug of our catalogue, if the answer said it
    int x_code = 0;     // X's number
    std::string text;   // what the answer said: X's text, or our facts
    std::string state;  // processing_info.state
    int processing_code = 0;
    std::string processing_name;
    std::string processing_text;
    std::optional<std::chrono::seconds> check_after;
    // How long it came after the answer before, and what that had advised, if the recording says it;
    // in a run: of the call that waited least for it.
    std::optional<std::chrono::milliseconds> asked_after;
    std::optional<std::chrono::seconds> advised_before;
    std::optional<std::int64_t> expires_after;  // seconds
    std::optional<std::int64_t> answered_at;    // Unix seconds of the answer's Date field
    std::optional<std::int64_t> rate_remaining;
    std::optional<std::int64_t> rate_limit;
    std::optional<std::int64_t> retry_after;

    bool is_answered() const { return status != 0; }
    bool is_success() const { return status >= 200 && status < 300 && state != "failed"; }
    bool is_refusal() const { return status >= 400; }
    std::string_view parameter(std::string_view name) const {
        const auto found = parameters.find(name);
        return found == parameters.end() ? std::string_view() : std::string_view(found->second);
    }
    bool has(std::string_view name) const { return parameters.contains(name); }
};

// What our own server knows of an upload besides its calls.
struct UploadFacts {
    std::string origin;  // under which the caller reached us
    bool has_credentials = false;
    std::string media_id;
    std::string stream_path;  // of an upload that comes as one stream: where it is gone on with
    bool is_tus = false;
    bool joins_parts = false;  // a stream whose bytes are those of others
    bool is_part = false;      // a stream that is nothing by itself, and is joined with others
    std::string state;         // open, sealed, queued, …
    bool length_known = true;  // else `total_bytes` is what has come
    std::uint64_t total_bytes = 0;
    std::uint64_t received_bytes = 0;
    std::uint64_t segments = 0;
    std::vector<std::uint64_t> missing;  // below the highest segment that came
    // Of a failed processing, as STATUS tells them.
    std::string failure_code;
    std::string failure_reason;
    std::string failure_message;
    std::string failure_hint;
    std::optional<std::int64_t> check_after;  // seconds
    int percent = 0;
    std::string expires_at;
};

// All bytes are there, and FINALIZE would find no gap among them.
inline bool is_whole(const UploadFacts& upload) {
    return upload.received_bytes == upload.total_bytes && upload.missing.empty();
}

// Segments are counted from 0: of those up to the highest that came, all that are not missing are there.
inline bool has_segment(const UploadFacts& upload, std::uint64_t index) {
    return index < upload.segments + upload.missing.size() &&
           std::ranges::find(upload.missing, index) == upload.missing.end();
}

// All bytes of a stream are there, and nobody has said so: tus ends with the last byte, others by a word.
inline bool waits_for_its_end(const UploadFacts& upload) {
    return !upload.stream_path.empty() && !upload.is_tus && !upload.joins_parts &&
           upload.length_known && upload.received_bytes == upload.total_bytes;
}

// All bytes of a part are there: it is what it can be by itself.
inline bool waits_to_be_joined(const UploadFacts& upload) {
    return upload.is_part && upload.length_known && upload.received_bytes == upload.total_bytes;
}

struct Trace {
    std::vector<Call> calls;            // in the order in which they were sent
    std::optional<UploadFacts> upload;  // none: a recording
};

}  // namespace sluice::diagnosis
