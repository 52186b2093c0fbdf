// Which clients of resumable uploads get "104 Upload Resumption Supported": by the version of the drafts
// that they name, and those that name none, as after the RFC.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::protocol {

struct InterimRules {
    std::vector<std::uint64_t> versions{3, 4, 5, 6, 7, 8, 9};
    bool without_version = false;
};

}  // namespace sluice::protocol
