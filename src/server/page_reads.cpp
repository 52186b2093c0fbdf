#include "server/page_reads.hpp"

#include <algorithm>
#include <string_view>

#include "protocol/common/cors.hpp"

namespace sluice::server {
namespace {

constexpr std::string_view object_path = "/api/v1/uploads/";

// STATUS of both versions, the upload's object (nothing below it), and the original.
bool is_about_an_upload(std::string_view path) {
    const bool is_object = path.starts_with(object_path) &&
                           path.find('/', object_path.size()) == std::string_view::npos;
    const bool is_original = path.starts_with("/media/") && path.ends_with("/original");
    return is_object || is_original || path == "/1.1/media/upload.json" ||
           path == "/2/media/upload";
}

bool is_read(std::string_view method) {
    return method == "GET" || method == "HEAD";
}

}  // namespace

std::optional<http::Response> read_preflight(
    const protocol::PageOrigins& pages, const http::Request& request
) {
    const bool asks = request.method == "OPTIONS" && is_about_an_upload(request.path) &&
                      is_read(request.header("Access-Control-Request-Method").value_or(""));
    if (!asks || !pages.has(request.header("Origin").value_or(""))) {
        return std::nullopt;
    }
    http::Response response;
    response.status = 204;
    protocol::allow_origin(pages, request, response);
    response.set("Access-Control-Allow-Methods", "GET, HEAD");
    response.set(
        "Access-Control-Allow-Headers",
        "Authorization, X-Request-ID, Range, If-Range, If-None-Match"
    );
    response.set("Access-Control-Max-Age", "86400");
    response.route = "pages.preflight";
    return response;
}

void let_page_read(
    const protocol::PageOrigins& pages, const http::Request& request, http::Response& response
) {
    if (!is_read(request.method) || !is_about_an_upload(request.path)) {
        return;
    }
    protocol::allow_origin(pages, request, response);
    if (!request.header("Origin")) {
        return;
    }
    response.set(
        "Access-Control-Expose-Headers",
        "Sluice-Error, Sluice-Notice, Link, Retry-After, X-Request-Id, x-rate-limit-limit, "
        "x-rate-limit-remaining, x-rate-limit-reset, Accept-Ranges, Content-Range, "
        "Content-Disposition, ETag"
    );
}

}  // namespace sluice::server
