#include "server/console_endpoint.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "protocol/common/problem.hpp"
#include "server/web_assets.hpp"

namespace sluice::server {
namespace {

using http::Response;

constexpr std::array<std::string_view, 7> screens{
    "/", "/requests", "/jobs", "/keys", "/faults", "/system", "/login"
};
constexpr std::array<std::string_view, 2> screens_of_one{"/u/", "/requests/"};
constexpr std::string_view files = "/assets/";

// Nothing is loaded from elsewhere, no script stands in a page, nobody frames it. Players and
// previews make addresses of their own (blob:); pictures of a few bytes are data.
constexpr const char* page_policy =
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

bool is_screen(std::string_view path) {
    return std::ranges::find(screens, path) != screens.end() ||
           std::ranges::any_of(screens_of_one, [path](std::string_view folder) {
               return path.starts_with(folder) && path.size() > folder.size();
           });
}

std::string_view asset_path(std::string_view path) {
    return is_screen(path) ? "/index.html" : path;
}

bool takes_gzip(const http::Request& request) {
    return request.header("Accept-Encoding").value_or("").contains("gzip");
}

Response file_answer(const WebAsset& asset, const http::Request& request) {
    Response response;
    const bool as_gzip = !asset.gzip.empty() && takes_gzip(request);
    const std::string tag = "\"" + std::string(asset.tag) + (as_gzip ? "-gz" : "") + "\"";
    response.set("ETag", tag);
    response.set("Vary", "Accept-Encoding");
    // The names of files change with their content.
    const bool is_named_by_content = asset.path.starts_with(files) && !is_fallback_console();
    response.set(
        "Cache-Control", is_named_by_content ? "public, max-age=31536000, immutable" : "no-cache"
    );
    response.set("Content-Security-Policy", page_policy);
    response.set("Referrer-Policy", "same-origin");
    response.set("Cross-Origin-Opener-Policy", "same-origin");
    if (request.header("If-None-Match").value_or("").contains(tag)) {
        response.status = 304;
        return response;
    }
    response.set("Content-Type", std::string(asset.content_type));
    if (as_gzip) {
        response.set("Content-Encoding", "gzip");
    }
    response.body = std::string(as_gzip ? asset.gzip : asset.body);
    return response;
}

}  // namespace

bool ConsoleEndpoint::serves(std::string_view path) {
    return is_screen(path) || path.starts_with(files) || path == "/favicon.svg" ||
           path == "/docs.css" || path == "/openapi.json";
}

Response ConsoleEndpoint::handle(const http::Request& request) {
    Response response;
    const WebAsset* asset = find_web_asset(asset_path(request.path));
    if (request.method != "GET" && request.method != "HEAD") {
        response = protocol::problem_response(
            {.code = ErrorCode::method_not_allowed}, std::nullopt, request
        );
        response.set("Allow", "GET, HEAD");
    } else if (asset == nullptr) {
        const Error error{
            .code = ErrorCode::unknown_path, .facts = "The console has no such file."
        };
        response = protocol::problem_response(error, std::nullopt, request);
    } else {
        response = file_answer(*asset, request);
    }
    response.route = "console.page";
    return response;
}

}  // namespace sluice::server
