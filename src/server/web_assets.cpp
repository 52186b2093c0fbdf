#include "server/web_assets.hpp"

#include <algorithm>

namespace sluice::server {

// The table itself is generated (cmake/web.cmake).
const WebAsset* find_web_asset(std::string_view path) {
    const auto assets = web_assets();
    const auto found = std::ranges::lower_bound(assets, path, {}, &WebAsset::path);
    return found != assets.end() && found->path == path ? &*found : nullptr;
}

}  // namespace sluice::server
