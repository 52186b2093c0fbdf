// Boost.Beast's reading of a request head, as the second opinion on ours. Tests only: no Beast type
// leaves the .cpp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

struct RefereeHead {
    std::string method;
    std::string target;
    int version_minor = 0;
    std::multimap<std::string, std::string> fields;  // by name in lower case; equal names in order
    std::optional<std::uint64_t> content_length;
    bool is_chunked = false;
};

// `head`: exactly one head. Nothing if Beast refuses it; `why` says so then.
std::optional<RefereeHead> beast_reading(std::string_view head, std::string& why);

}  // namespace sluice::http
