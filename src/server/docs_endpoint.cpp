#include "server/docs_endpoint.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/common/problem.hpp"
#include "server/error_pages.hpp"

namespace sluice::server {
namespace {

using http::Response;

constexpr std::string_view pages = "/docs/errors/";
constexpr std::string_view registry = "/api/v1/errors";

Response text_answer(const char* type, std::string body) {
    Response response;
    response.set("Content-Type", type);
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

// A browser names text/html; curl and the clients do not.
bool wants_html(const http::Request& request) {
    const auto accept = request.header("Accept").value_or("");
    return accept.find("text/html") < accept.find("text/markdown");
}

Response page_answer(const std::string& markdown, bool as_html) {
    auto response = as_html ? text_answer("text/html; charset=utf-8", html_page(markdown))
                            : text_answer("text/markdown; charset=utf-8", markdown);
    response.set("Vary", "Accept");
    response.set("X-Content-Type-Options", "nosniff");
    response.set(
        "Content-Security-Policy",
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    );
    return response;
}

Response page_or_refusal(const http::Request& request) {
    std::string_view slug =
        std::string_view(request.path).substr(std::min(pages.size(), request.path.size()));
    const bool is_markdown = slug.ends_with(".md");
    slug.remove_suffix(is_markdown ? 3 : 0);
    const bool as_html = !is_markdown && wants_html(request);
    if (slug.empty()) {
        return page_answer(error_index(), as_html);
    }
    if (const ErrorEntry* entry = find_error(slug)) {
        return page_answer(error_page(*entry), as_html);
    }
    const Error error{.code = ErrorCode::unknown_path, .facts = "There is no page for this code."};
    return protocol::problem_response(error, std::nullopt, request);
}

}  // namespace

bool DocsEndpoint::serves(std::string_view path) {
    return path == registry || path == pages.substr(0, pages.size() - 1) || path.starts_with(pages);
}

Response DocsEndpoint::handle(const http::Request& request) {
    Response response;
    if (request.method != "GET" && request.method != "HEAD") {
        response = protocol::problem_response(
            {.code = ErrorCode::method_not_allowed}, std::nullopt, request
        );
        response.set("Allow", "GET, HEAD");
    } else if (request.path == registry) {
        response = text_answer("application/json", error_registry(request.base_url));
    } else {
        response = page_or_refusal(request);
    }
    response.route = "docs.page";
    return response;
}

}  // namespace sluice::server
