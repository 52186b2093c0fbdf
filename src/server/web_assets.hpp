// The files of the console and of the documentation, which are part of the program: built from web/
// and docs/ (cmake/web.cmake). Constants.
#pragma once

#include <span>
#include <string_view>

namespace sluice::server {

struct WebAsset {
    std::string_view path;  // "/index.html", "/assets/app-1f2e3d.js", "/docs/guides/outputs.md"
    std::string_view content_type;
    std::string_view tag;  // of the content, without quotes
    std::string_view body;
    std::string_view gzip;  // empty: there is no such twin
};

// By path, in ascending order.
std::span<const WebAsset> web_assets();
const WebAsset* find_web_asset(std::string_view path);
// The small page stands in for the console, because the build had no npm.
bool is_fallback_console();

}  // namespace sluice::server
