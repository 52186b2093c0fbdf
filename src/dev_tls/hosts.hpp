// The names that a local Sluice may pass for, and no other: those that clients of X's media API
// have built in. The certificates, the proxy and what `sluice env` writes all read this list.
#pragma once

#include <array>
#include <string_view>

namespace sluice::dev_tls {

inline constexpr std::array<std::string_view, 4> x_hosts{
    "upload.twitter.com",
    "upload.x.com",
    "api.x.com",
    "api.twitter.com",
};

}  // namespace sluice::dev_tls
