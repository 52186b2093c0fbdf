// The text of node_hook.cjs, with the marks @HOSTS@, @HOST@ and @PORT@ still in it.
#pragma once

#include <string_view>

namespace sluice::dev_tls {

extern const std::string_view node_hook;

}  // namespace sluice::dev_tls
