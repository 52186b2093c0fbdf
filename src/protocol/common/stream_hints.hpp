// What to do next in the words of the resumable protocols, where the catalogue has those of X: an upload by
// tus or RUFH knows no INIT. Pure; any thread.
#pragma once

#include <string_view>

#include "base/error_code.hpp"

namespace sluice::protocol {

// For a client that has a URL and an offset; empty where the catalogue's hint will do.
std::string_view stream_hint(ErrorCode code);

}  // namespace sluice::protocol
