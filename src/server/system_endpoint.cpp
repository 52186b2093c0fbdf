#include "server/system_endpoint.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>

#include "base/json_writer.hpp"
#include "protocol/common/credentials.hpp"
#include "protocol/common/problem.hpp"
#include "server/derived_settings.hpp"
#include "server/setting_rows.hpp"
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

// What was said of it, all values in one; without an origin it has its default.
GivenSetting given_of(const Settings& settings, std::string_view key) {
    GivenSetting all{.key = std::string(key)};
    for (const GivenSetting& given : settings.given) {
        if (given.key == key) {
            all.value += (all.value.empty() ? "" : ", ") + given.value;
            all.origin = given.origin;
        }
    }
    return all;
}

std::string_view name_of(protocol::InspectorMode mode) {
    switch (mode) {
        case protocol::InspectorMode::full:
            return "full";
        case protocol::InspectorMode::metadata:
            return "metadata";
        case protocol::InspectorMode::off:
            break;
    }
    return "off";
}

// What is in force of the settings that nobody set and that this machine or other settings decide;
// of all others the help says it.
std::string in_force(const Settings& settings, std::string_view key) {
    const LaneSlots slots = slots_of(pool_settings(settings, job_holder));
    const std::array<std::pair<std::string_view, std::string>, 11> values{{
        {"server.data", settings.data},
        {"server.role", settings.runs_api ? (settings.runs_workers ? "all" : "api") : "worker"},
        {"database.url", settings.database},
        {"storage.url", settings.storage},
        {"storage.durability", settings.is_strict ? "strict" : "relaxed"},
        {"auth.mode", settings.needs_keys ? "keys" : "open"},
        {"auth.key_file", key_file_of(settings)},
        {"x.fidelity", settings.is_faithful ? "faithful" : "helpful"},
        {"processing.workers", std::to_string(slots.film)},
        {"processing.quick_workers", std::to_string(slots.quick)},
        {"inspector.mode", std::string(name_of(inspector_mode(settings)))},
    }};
    const auto* found =
        std::ranges::find(values, key, &std::pair<std::string_view, std::string>::first);
    return found == values.end() ? "" : found->second;
}

// Nothing of a secret: files are named, and what may hold one is shown without it.
void append_setting(JsonWriter& json, const SettingRow& row, const Settings& settings) {
    const GivenSetting given = given_of(settings, row.key);
    const bool is_default = given.origin.empty();
    const std::string value = is_default            ? in_force(settings, row.key)
                              : given.value.empty() ? "on"
                                                    : given.value;
    json.begin_object().member("key", row.key).member("flag", row.flag).key("value");
    value.empty() ? json.null() : json.value(value);
    json.member("origin", is_default ? "default" : given.origin);
    json.member("help", row.help).end_object();
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
    for (const SettingRow& row : setting_rows()) {
        append_setting(json, row, settings_);
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
