#include "server/settings_in_force.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "server/derived_settings.hpp"
#include "server/limits_in_force.hpp"
#include "server/setting_rows.hpp"
#include "server/store_settings.hpp"

namespace sluice::server {
namespace {

constexpr std::string_view none = "none";

std::string on_or_off(bool is_on) {
    return is_on ? "on" : "off";
}

std::string text_of(const ListenAddress& address) {
    const bool is_v6 = address.host.find(':') != std::string::npos;
    const std::string host = is_v6 ? "[" + address.host + "]" : address.host;
    return host + ":" + std::to_string(address.port);
}

std::string text_of(const std::vector<ListenAddress>& addresses) {
    std::string text;
    for (const ListenAddress& address : addresses) {
        text += (text.empty() ? "" : ", ") + text_of(address);
    }
    return text;
}

std::string text_of(const protocol::InterimRules& rules) {
    std::string text;
    for (const std::uint64_t version : rules.versions) {
        text += (text.empty() ? "" : ",") + std::to_string(version);
    }
    if (rules.without_version) {
        text += text.empty() ? "rfc" : ",rfc";
    }
    return text.empty() ? std::string(none) : text;
}

std::string text_of(protocol::InspectorMode mode) {
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

std::string role_of(const Settings& settings) {
    return !settings.runs_api ? "worker" : settings.runs_workers ? "all" : "api";
}

// Where nobody said anything, and everybody may or nobody.
std::string origins_by_default(const Settings& settings) {
    return settings.needs_keys ? "all" : "those of this machine and of server.names";
}

using Values = std::vector<std::pair<std::string_view, std::string>>;

// Of the settings that may be said several times, what holds when nobody says one.
Values values_of(const Settings& settings) {
    const WorkerPoolSettings pool = pool_settings(settings, job_holder);
    const LaneSlots slots = slots_of(pool);
    return {
        {"server.listen", text_of(settings.listen)},
        {"server.data", settings.data},
        {"database.url", shown_database(settings.database)},
        {"storage.url", shown_storage(settings.storage)},
        {"storage.delivery", settings.redirects_to_storage ? "redirect" : "proxy"},
        {"server.role", role_of(settings)},
        {"auth.mode", settings.needs_keys ? "keys" : "open"},
        {"auth.key_file", key_file_of(settings)},
        {"server.names", std::string(none)},
        {"server.trusted_proxies", std::string(none)},
        {"server.cors_origins", origins_by_default(settings)},
        {"x.fidelity", settings.is_faithful ? "faithful" : "helpful"},
        {"x.amplify_video", settings.limits.amplify_video ? "allow" : "deny"},
        {"storage.durability", settings.is_strict ? "strict" : "relaxed"},
        {"processing.workers", std::to_string(slots.film)},
        {"processing.quick_workers", std::to_string(slots.quick)},
        {"processing.cores_per_job", std::to_string(cores_of_a_job(pool))},
        {"processing.remux", on_or_off(settings.remux)},
        {"processing.avif", on_or_off(settings.avif)},
        {"retention.original", settings.keeps_original ? "keep" : "delete"},
        {"rufh.interop", text_of(settings.rufh)},
        {"processing.sandbox", on_or_off(settings.sandbox)},
        {"inspector.mode", text_of(inspector_mode(settings))},
        {"faults.rules", std::string(none)},
        {"faults.seed", std::to_string(settings.fault_seed)},
        {"tls.dev", on_or_off(settings.dev_tls)},
        {"tls.dev_listen", settings.dev_tls ? text_of(settings.dev_tls_listen) : "off"},
        {"tls.dev_proxy", settings.dev_proxy ? text_of(*settings.dev_proxy) : "off"},
    };
}

// What was said of it, all values in one.
GivenSetting given_of(const Settings& settings, std::string_view key) {
    GivenSetting all{.key = std::string(key), .value = "", .origin = ""};
    for (const GivenSetting& given : settings.given) {
        if (given.key == key) {
            all.value += (all.value.empty() ? "" : ", ") + given.value;
            all.origin = given.origin;
        }
    }
    return all;
}

SettingInForce in_force(const SettingRow& row, const Settings& settings, const Values& values) {
    GivenSetting given = given_of(settings, row.key);
    const auto found = std::ranges::find(values, row.key, &Values::value_type::first);
    const bool is_as_said = row.repeats && !given.value.empty();
    return {
        .key = std::string(row.key),
        .flag = std::string(row.flag),
        .value = is_as_said || found == values.end() ? given.value : found->second,
        .origin = given.origin.empty() ? "default" : std::move(given.origin),
        .help = std::string(row.help),
    };
}

}  // namespace

std::vector<SettingInForce> settings_in_force(
    const Settings& settings, std::size_t connections_max
) {
    const Values values = values_of(settings);
    std::vector<SettingInForce> all;
    for (const SettingRow& row : setting_rows()) {
        if (row.key == "limits") {
            std::ranges::move(limits_in_force(settings, connections_max), std::back_inserter(all));
        } else {
            all.push_back(in_force(row, settings, values));
        }
    }
    return all;
}

}  // namespace sluice::server
