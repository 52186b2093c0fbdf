#include "server/system_endpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "base/json_writer.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "server/settings_in_force.hpp"
#include "server/web_assets.hpp"

namespace sluice::server {
namespace {

std::string in_path(std::string_view name) {
    const char* path = std::getenv("PATH");  // NOLINT(concurrency-mt-unsafe): before the threads
    std::string_view rest = path == nullptr ? "" : path;
    while (!rest.empty()) {
        const auto colon = std::min(rest.find(':'), rest.size());
        const std::string file = std::string(rest.substr(0, colon)) + "/" + std::string(name);
        if (::access(file.c_str(), X_OK) == 0) {
            return file;
        }
        rest.remove_prefix(std::min(colon + 1, rest.size()));
    }
    return {};
}

std::string beside_this_program(std::string_view name) {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto file = self.parent_path() / name;
    return !error && ::access(file.c_str(), X_OK) == 0 ? file.string() : std::string();
}

}  // namespace

FoundTools find_tools() {
    return {.ffmpeg = in_path("ffmpeg"), .worker = beside_this_program("sluice-worker")};
}

std::string SystemEndpoint::as_json() const {
    JsonWriter json;
    json.begin_object().member("version", SLUICE_VERSION).member("started_at", rfc3339(started_));
    json.member("auth", settings_.needs_keys ? "keys" : "open");
    json.member("durability", settings_.is_strict ? "strict" : "relaxed");
    json.member("fidelity", settings_.is_faithful ? "faithful" : "helpful");
    json.member("sandbox", sandbox_).member("storage", storage_);
    json.member("console", is_fallback_console() ? "fallback" : "built");
    json.key("tools").begin_object().member("ffmpeg", !tools_.ffmpeg.empty());
    json.member("worker", !tools_.worker.empty());
    json.key("decoders");
    decoders_.empty() ? json.null() : json.value(decoders_);
    json.end_object();
    json.key("settings").begin_array();
    for (const SettingInForce& one : settings_in_force(settings_, connections_max_)) {
        json.begin_object().member("key", one.key).member("flag", one.flag);
        json.member("value", one.value).member("origin", one.origin).member("help", one.help);
        json.end_object();
    }
    return json.end_array().end_object().take();
}

http::Response SystemEndpoint::handle(const protocol::Exchange& exchange) const {
    http::Response response;
    if (const auto admin = protocol::authorize(exchange, Scope::admin); !admin) {
        response = protocol::problem_response(admin.error(), std::nullopt, exchange.request);
    } else if (exchange.request.method != "GET" && exchange.request.method != "HEAD") {
        response = protocol::problem_response(
            {.code = ErrorCode::method_not_allowed}, std::nullopt, exchange.request
        );
        response.set("Allow", "GET, HEAD");
    } else {
        response.set("Content-Type", "application/json;charset=utf-8");
        response.set("Cache-Control", "no-store");
        response.body = as_json();
    }
    response.route = "native.system";
    return response;
}

}  // namespace sluice::server
