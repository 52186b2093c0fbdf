// How bytes are given out by a store that readers can reach themselves; see BlobStore::link_to(). A value.
#pragma once

#include <chrono>
#include <string>

namespace sluice {

struct LinkTerms {
    std::string content_type;
    std::string disposition;  // Content-Disposition; empty: none
    std::string cache_control;
    std::chrono::seconds valid{0}, valid_min{0};  // none that would end before valid_min
};

}  // namespace sluice
