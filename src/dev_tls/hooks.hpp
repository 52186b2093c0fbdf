// The texts of node_hook.cjs and ruby_hook.rb, with the marks @HOSTS@, @HOST@ and @PORT@ still in
// them.
#pragma once

#include <string_view>

namespace sluice::dev_tls {

extern const std::string_view node_hook;
extern const std::string_view ruby_hook;

}  // namespace sluice::dev_tls
