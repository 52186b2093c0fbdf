#include "server/docs_endpoint.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "protocol/common/parameters.hpp"
#include "protocol/common/problem.hpp"
#include "server/docs_pages.hpp"
#include "server/error_pages.hpp"
#include "server/markdown.hpp"

namespace sluice::server {
namespace {

using http::Response;

constexpr std::string_view pages = "/docs/errors/";
constexpr std::string_view root = "/docs";
constexpr std::string_view registry = "/api/v1/errors";

Response text_answer(const char* type, std::string body) {
    Response response;
    response.set("Content-Type", type);
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

Response with_policy(Response response) {
    response.set("Vary", "Accept");
    response.set("X-Content-Type-Options", "nosniff");
    response.set(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    );
    return response;
}

Response html_answer(std::string html) {
    return with_policy(text_answer("text/html; charset=utf-8", std::move(html)));
}

Response page_answer(const std::string& markdown, bool as_html, std::string_view folder = pages) {
    return as_html ? html_answer(html_page(markdown, folder))
                   : with_policy(text_answer("text/markdown; charset=utf-8", markdown));
}

// "/docs", "/docs/api", "/docs/search?q=", "/docs/guides/outputs" and its twin at ".md".
Response other_page(const http::Request& request) {
    std::string_view name =
        std::string_view(request.path).substr(std::min(root.size() + 1, request.path.size()));
    if (name.empty()) {
        return html_answer(docs_index());
    }
    if (name == "api") {
        return html_answer(docs_api());
    }
    if (name == "search") {
        protocol::Parameters parameters;
        static_cast<void>(parameters.add_query(request.raw_query)
        );  // what cannot be read is not found
        return html_answer(docs_search(parameters.get("q")));
    }
    const bool is_markdown = name.ends_with(".md");
    name.remove_suffix(is_markdown ? 3 : 0);
    if (const auto found = docs_markdown(name)) {
        const auto folder = std::string(request.path.substr(0, request.path.rfind('/') + 1));
        return page_answer(std::string(*found), !is_markdown && wants_html(request), folder);
    }
    const Error error{.code = ErrorCode::unknown_path, .facts = "There is no such page."};
    return no_such_page(error, request);
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
    return no_such_page(error, request);
}

}  // namespace

bool wants_html(const http::Request& request) {
    const auto accept = request.header("Accept").value_or("");
    return accept.find("text/html") < accept.find("text/markdown");
}

Response no_such_page(const Error& error, const http::Request& request) {
    if (!wants_html(request)) {
        return protocol::problem_response(error, std::nullopt, request);
    }
    const ErrorEntry& entry = entry_of(error.code);
    const bool is_unknown = error.code == ErrorCode::unknown_path;
    const std::string title = is_unknown ? "No such page" : std::string(entry.title);
    const std::string hint = is_unknown ? "" : "<p>" + escaped_html(entry.hint) + "</p>\n";
    auto response = html_answer(html_frame(
        title,
        "<h1>" + escaped_html(title) + "</h1>\n<p>" + escaped_html(error.facts) + "</p>\n" + hint +
            "<p><a href=\"/\">The console</a> · <a href=\"/docs\">Documentation</a></p>\n"
    ));
    response.status = entry.status;
    protocol::add_error_headers(response, error, request);
    return response;
}

bool DocsEndpoint::serves(std::string_view path) {
    return path == registry || path == root || path.starts_with("/docs/");
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
    } else if (!request.path.starts_with("/docs/errors")) {
        response = other_page(request);
    } else {
        response = page_or_refusal(request);
    }
    response.route = "docs.page";
    return response;
}

}  // namespace sluice::server
