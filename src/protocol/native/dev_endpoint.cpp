#include "protocol/native/dev_endpoint.hpp"

#include "base/json_writer.hpp"
#include "protocol/common/problem.hpp"

namespace sluice::protocol::native {
namespace {

http::Response refused(ErrorCode code, const char* facts, const http::Request& request) {
    return problem_response({.code = code, .facts = facts}, std::nullopt, request);
}

// "http://localhost:8080" -> "localhost"
std::string_view host_of(std::string_view base_url) {
    const auto scheme_end = base_url.find("://");
    auto host = scheme_end == std::string_view::npos ? base_url : base_url.substr(scheme_end + 3);
    const auto bracket = host.find(']');
    return host.substr(0, bracket == std::string_view::npos ? host.find(':') : bracket + 1);
}

bool is_local(const http::Request& request) {
    const auto host = host_of(request.base_url);
    const bool names_us = host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    return names_us && (request.peer.starts_with("127.") || request.peer == "::1");
}

void add(JsonWriter& json, std::string_view name, const std::string& value) {
    json.key(name);
    value.empty() ? json.null() : json.value(value);
}

std::string as_json(const DevEnvironment& environment) {
    JsonWriter json;
    json.begin_object();
    add(json, "proxy_url", environment.proxy_url);
    add(json, "tls_url", environment.tls_url);
    add(json, "ca_file", environment.ca_file);
    add(json, "ca_bundle_file", environment.ca_bundle_file);
    add(json, "node_hook_file", environment.node_hook_file);
    add(json, "ruby_hook_file", environment.ruby_hook_file);
    json.key("hosts").begin_array();
    for (const auto& host : environment.hosts) {
        json.value(host);
    }
    return json.end_array().end_object().take();
}

}  // namespace

http::Response DevEndpoint::handle(const http::Request& request) const {
    http::Response response;
    if (request.method != "GET" && request.method != "HEAD") {
        response = refused(ErrorCode::method_not_allowed, "", request);
        response.set("Allow", "GET");
    } else if (!is_local(request)) {
        response = refused(
            ErrorCode::unknown_path,
            "This call is for programs on the server's own machine.",
            request
        );
    } else if (environment_ == nullptr || environment_->tls_url.empty()) {
        response = refused(
            ErrorCode::unknown_path,
            "This server was not started with --dev-tls --dev-proxy HOST:PORT.",
            request
        );
    } else {
        response.set("Content-Type", "application/json");
        response.set("Cache-Control", "no-store");
        response.body = as_json(*environment_);
    }
    response.route = "native.dev";
    return response;
}

}  // namespace sluice::protocol::native
