// One exchange as the inspector keeps it: masked, cut, and never changed after it was made. Made by
// the Recorder, shown by the native API.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "core/principal.hpp"
#include "protocol/common/exchange.hpp"

namespace sluice::protocol {

struct RecordedExchange {
    std::uint64_t number = 0;  // rises with every exchange of this process
    std::string id;            // the request id
    WallTime at;
    std::chrono::microseconds took{0};
    std::optional<Principal> owner;
    std::string caller_name;
    std::string peer;

    std::string method;
    std::string base_url;
    std::string target;   // masked
    std::string headers;  // "Name: value\r\n" each, masked
    int version_minor = 1;
    std::uint64_t body_bytes = 0;  // as received
    std::vector<ReceivedPart> parts;

    std::string route;
    std::string call;
    std::optional<MediaId> media_id;
    std::optional<std::uint64_t> segment_index;
    std::string error_code;
    std::string oauth_expected;  // signature base strings
    std::string oauth_sent;

    int status = 0;
    std::string answer_headers;
    std::string answer_start;  // of the body; empty if bodies are not kept
    std::uint64_t answer_bytes = 0;

    // Somebody has got it from the recorder, and it is not used again. Guarded by the recorder's lock.
    mutable bool is_shared = false;

    std::size_t memory() const;
};

}  // namespace sluice::protocol
