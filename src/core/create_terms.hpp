// What the metadata store looks at in the commit that makes an upload, so that calls at the same time
// cannot pass together. Values.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/ids.hpp"
#include "core/usage.hpp"

namespace sluice {

// A call that may be repeated: the caller's key, and what was asked under it, as a line to compare
// and to show.
struct RepeatKey {
    std::string key;
    std::string asked;
};

// What was made under a key before.
struct Repeated {
    MediaId upload;
    std::string asked;
};

struct CreateTerms {
    CreateTerms() = default;
    // Implicit: the usual case.
    CreateTerms(const Quota& of_owner) : quota(of_owner) {}

    Quota quota;
    // What all open uploads without a segment, this one included, may have been promised together.
    std::optional<ByteCount> room = std::nullopt;
    std::optional<RepeatKey> repeat = std::nullopt;
};

}  // namespace sluice
