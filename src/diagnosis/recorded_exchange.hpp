// One HTTP exchange as a recording has it, and the Call that it was: command, parameters, media,
// and what the answer said. Credentials are looked at for their kind and dropped here. Pure. Within
// diagnosis/ alone.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diagnosis/trace.hpp"

namespace sluice::diagnosis {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct RecordedPart {
    std::string name;
    std::string value;  // as far as it was recorded
    std::string file_name;
    bool is_base64 = false;
    std::optional<std::uint64_t> bytes;
};

struct RecordedExchange {
    std::string method;
    std::string url;  // absolute, or a target with `host`
    std::string host;
    Fields request_headers;
    std::string request_body;
    std::vector<RecordedPart> parts;  // where the recording took the body apart itself
    int status = 0;
    Fields response_headers;
    std::string response_body;
    std::optional<WallTime> at;
    std::optional<WallTime> ended_at;
    bool is_coarse = false;
};

Call call_of(const RecordedExchange& exchange);

// Value of a field; empty if absent.
std::string_view field(const Fields& fields, std::string_view name);

}  // namespace sluice::diagnosis
