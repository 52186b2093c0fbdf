#include "server/settings.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <optional>
#include <sstream>

#include "base/text.hpp"
#include "server/config_file.hpp"

namespace sluice::server {
namespace {

using Outcome = std::expected<void, std::string>;  // an error says what the value must be
using Apply = Outcome (*)(Settings&, const std::string& value);

// One row per setting: its flag, its key in the file (the variable is SLUICE_ and the key in upper
// case, dots as '_').
struct Row {
    std::string_view flag;
    std::string_view key;
    std::string_view value_name;
    std::string_view help;
    Apply apply;
    bool repeats = false;
};

std::unexpected<std::string> must_be(std::string text) {
    return std::unexpected(std::move(text));
}

bool is_loopback(std::string_view host) {
    return host == "localhost" || host == "::1" || host.starts_with("127.");
}

Outcome apply_listen(Settings& settings, const std::string& value) {
    const auto colon = value.rfind(':');
    const auto port =
        parse_unsigned(colon == std::string::npos ? "" : std::string_view(value).substr(colon + 1));
    if (!port || *port > 65535 || colon == 0) {
        return must_be("HOST:PORT, for example 127.0.0.1:8080 (port 0 takes a free one)");
    }
    std::string host = value.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (!is_loopback(host)) {
        return must_be(
            "an address of this machine's loopback: any other demands --auth keys, which this "
            "version does not have "
            "yet. Use --listen 127.0.0.1:" +
            std::to_string(*port) + " and a proxy in front"
        );
    }
    settings.listen.push_back({std::move(host), static_cast<std::uint16_t>(*port)});
    return {};
}

Outcome apply_data(Settings& settings, const std::string& value) {
    if (value.empty()) {
        return must_be("a directory");
    }
    settings.data = value;
    return {};
}

Outcome apply_database(Settings&, const std::string& value) {
    return value == "sqlite" ? Outcome{}
                             : must_be("sqlite; postgres:// is not in this version yet");
}

Outcome apply_storage(Settings&, const std::string& value) {
    return value == "disk" ? Outcome{} : must_be("disk; s3:// is not in this version yet");
}

Outcome apply_role(Settings& settings, const std::string& value) {
    if (value == "worker") {
        return must_be(
            "all or api; worker nodes of their own need a shared database, which this version does "
            "not have yet"
        );
    }
    if (value != "all" && value != "api") {
        return must_be("all, api or worker");
    }
    settings.runs_workers = value == "all";
    return {};
}

Outcome apply_auth(Settings&, const std::string& value) {
    if (value == "keys") {
        return must_be("open; keys are not in this version yet");
    }
    return value == "open" ? Outcome{} : must_be("open or keys");
}

Outcome apply_fidelity(Settings& settings, const std::string& value) {
    if (value != "helpful" && value != "faithful") {
        return must_be("helpful or faithful");
    }
    settings.is_faithful = value == "faithful";
    return {};
}

Outcome apply_durability(Settings& settings, const std::string& value) {
    if (value != "strict" && value != "relaxed") {
        return must_be("strict or relaxed");
    }
    settings.is_strict = value == "strict";
    return {};
}

Outcome apply_workers(Settings& settings, const std::string& value) {
    const auto number = parse_unsigned(value);
    if (!number || *number == 0 || *number > 256) {
        return must_be("a number from 1 to 256");
    }
    settings.workers = static_cast<unsigned>(*number);
    return {};
}

Outcome apply_dev_tls(Settings&, const std::string&) {
    return must_be("left out: it is not in this version yet");
}

Outcome apply_limit(Settings& settings, const std::string& value) {
    static constexpr std::array<std::string_view, 4> names{
        "upload.max_bytes",
        "segment.max_bytes",
        "one_shot.max_bytes",
        "upload.lifetime",
    };
    const auto equal = value.find('=');
    const std::string name = value.substr(0, equal);
    const std::string text = equal == std::string::npos ? "" : value.substr(equal + 1);
    const auto size = parse_size(text);
    if (std::ranges::find(names, name) == names.end()) {
        std::string known = "NAME=VALUE with one of the names";
        for (const auto known_name : names) {
            known += " " + std::string(known_name);
        }
        return must_be(known);
    }
    if (name == "upload.lifetime") {
        const auto seconds =
            parse_unsigned(text.ends_with('s') ? text.substr(0, text.size() - 1) : text);
        if (!seconds || *seconds == 0) {
            return must_be("upload.lifetime=SECONDS");
        }
        settings.limits.lifetime = std::chrono::seconds(*seconds);
        return {};
    }
    if (!size || size->value == 0) {
        return must_be(name + "=SIZE, for example " + name + "=2G");
    }
    ByteCount& limit = name == "upload.max_bytes"    ? settings.limits.upload_bytes_max
                       : name == "segment.max_bytes" ? settings.limits.segment_bytes_max
                                                     : settings.limits.one_shot_bytes_max;
    limit = *size;
    return {};
}

constexpr std::array rows{
    Row{"--listen",
        "server.listen",
        "HOST:PORT",
        "address to listen on; may be repeated (default 127.0.0.1:8080)",
        apply_listen,
        true},
    Row{"--data",
        "server.data",
        "DIR",
        "where everything is kept (default ./sluice-data)",
        apply_data},
    Row{"--database", "database.url", "URL", "sqlite", apply_database},
    Row{"--storage", "storage.url", "URL", "disk", apply_storage},
    Row{"--role", "server.role", "ROLE", "all (default) or api", apply_role},
    Row{"--auth", "auth.mode", "MODE", "open (default)", apply_auth},
    Row{"--fidelity",
        "x.fidelity",
        "KIND",
        "helpful (default), or faithful: errors as X sends them",
        apply_fidelity},
    Row{"--durability",
        "storage.durability",
        "KIND",
        "strict (default): a 2xx survives power loss; relaxed: a kill",
        apply_durability},
    Row{"--workers",
        "processing.workers",
        "N",
        "jobs processed at once (default: half of the cores)",
        apply_workers},
    Row{"--dev-tls", "tls.dev", "", "not in this version yet", apply_dev_tls},
    Row{"--dev-proxy", "tls.dev_proxy", "HOST:PORT", "not in this version yet", apply_dev_tls},
    Row{"--limit",
        "limits",
        "NAME=VALUE",
        "upload.max_bytes, segment.max_bytes, one_shot.max_bytes, upload.lifetime",
        apply_limit,
        true},
};

struct Given {
    std::string value;
    std::string origin;  // how the user knows it: "--listen", "SLUICE_SERVER_DATA", "sluice.toml:3"
};
using AllGiven = std::map<std::string_view, std::vector<Given>>;  // by key

std::unexpected<SettingsError> usage(std::string message) {
    return std::unexpected(SettingsError{std::move(message), true});
}

const Row* find_flag(std::string_view flag) {
    const auto* found = std::ranges::find(rows, flag, &Row::flag);
    return found == rows.end() ? nullptr : found;
}

std::unexpected<SettingsError> unknown_flag(const std::string& flag) {
    std::vector<std::string_view> flags{"--config", "--help"};
    for (const Row& row : rows) {
        flags.push_back(row.flag);
    }
    std::string message = "serve does not know " + flag + ".";
    if (const auto nearest = nearest_word(flag, flags)) {
        message += " Did you mean " + std::string(*nearest) + "?";
    }
    return usage(std::move(message));
}

struct CommandLine {
    AllGiven given;
    std::string config;
    bool wants_help = false;
};

// The value behind "=" or in the next argument, which is then used up.
std::expected<std::string, SettingsError> value_of(
    const std::vector<std::string>& arguments, std::size_t& at, bool takes_value
) {
    const std::string& argument = arguments[at];
    const auto equal = argument.find('=');
    if (equal != std::string::npos) {
        return argument.substr(equal + 1);
    }
    if (!takes_value) {
        return std::string();
    }
    if (at + 1 == arguments.size()) {
        return usage(argument + " needs a value.");
    }
    return arguments[++at];
}

std::expected<void, SettingsError> take_argument(
    CommandLine& line, const std::vector<std::string>& arguments, std::size_t& at
) {
    const std::string flag = arguments[at].substr(0, arguments[at].find('='));
    if (flag == "--help" || flag == "-h") {
        line.wants_help = true;
        return {};
    }
    const Row* row = find_flag(flag);
    if (row == nullptr && flag != "--config") {
        return flag.starts_with("-") ? unknown_flag(flag)
                                     : usage("serve takes no argument \"" + flag + "\".");
    }
    auto value = value_of(arguments, at, row == nullptr || !row->value_name.empty());
    if (!value) {
        return std::unexpected(std::move(value).error());
    }
    if (row == nullptr) {
        line.config = *std::move(value);
    } else {
        line.given[row->key].push_back({*std::move(value), flag});
    }
    return {};
}

std::expected<CommandLine, SettingsError> read_arguments(const std::vector<std::string>& arguments
) {
    CommandLine line;
    for (std::size_t at = 0; at < arguments.size(); ++at) {
        if (auto taken = take_argument(line, arguments, at); !taken) {
            return std::unexpected(std::move(taken).error());
        }
    }
    return line;
}

std::string variable_of(std::string_view key) {
    std::string name = "SLUICE_";
    for (const char c : key) {
        name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return name;
}

void add_environment(AllGiven& given, const Environment& environment) {
    for (const Row& row : rows) {
        const auto found = environment.find(variable_of(row.key));
        if (found != environment.end() && !given.contains(row.key)) {
            given[row.key].push_back({found->second, found->first});
        }
    }
}

std::expected<void, SettingsError> add_file(AllGiven& given, const std::string& path) {
    const auto entries = read_config_file(path);
    if (!entries) {
        return std::unexpected(SettingsError{entries.error(), false});
    }
    AllGiven of_file;
    for (const ConfigEntry& entry : *entries) {
        const bool is_limit = entry.key.starts_with("limits.");
        const auto* row =
            std::ranges::find(rows, is_limit ? std::string_view("limits") : entry.key, &Row::key);
        if (row == rows.end()) {
            std::vector<std::string_view> keys;
            std::ranges::transform(rows, std::back_inserter(keys), &Row::key);
            const auto nearest = nearest_word(entry.key, keys);
            const std::string hint = nearest ? " Did you mean " + std::string(*nearest) + "?" : "";
            return std::unexpected(SettingsError{
                entry.origin + ": there is no setting " + entry.key + "." + hint, false
            });
        }
        const std::string value = is_limit ? entry.key.substr(7) + "=" + entry.value : entry.value;
        of_file[row->key].push_back({value, entry.origin});
    }
    given.merge(of_file);  // what a flag or a variable said stays
    return {};
}

std::expected<void, SettingsError> apply_all(
    const Row& row, const std::vector<Given>& all, Settings& settings
) {
    for (const Given& given : all) {
        if (auto applied = row.apply(settings, given.value); !applied) {
            return std::unexpected(SettingsError{
                given.origin + " is \"" + printable(given.value) + "\"; it must be " +
                    applied.error() + ".",
                given.origin.starts_with("--"),
            });
        }
    }
    return {};
}

}  // namespace

std::expected<Settings, SettingsError> read_settings(
    const std::vector<std::string>& arguments, const Environment& environment
) {
    auto line = read_arguments(arguments);
    if (!line) {
        return std::unexpected(line.error());
    }
    Settings settings;
    settings.wants_help = line->wants_help;
    add_environment(line->given, environment);
    if (!line->config.empty()) {
        if (auto added = add_file(line->given, line->config); !added) {
            return std::unexpected(added.error());
        }
    }
    for (const Row& row : rows) {
        if (auto applied = apply_all(row, line->given[row.key], settings); !applied) {
            return std::unexpected(std::move(applied).error());
        }
    }
    if (settings.listen.empty()) {
        settings.listen.push_back({"127.0.0.1", 8080});
    }
    return settings;
}

std::string serve_help() {
    std::string text =
        "usage: sluice serve [flags]\n\n"
        "  sluice serve\n"
        "  sluice serve --listen 127.0.0.1:0 --data /var/lib/sluice\n\n"
        "flags (each also as SLUICE_… variable or in the file of --config):\n";
    for (const Row& row : rows) {
        std::string left = "  " + std::string(row.flag) + " " + std::string(row.value_name);
        left.resize(std::max<std::size_t>(left.size() + 1, 26), ' ');
        text += left + std::string(row.help) + "\n";
    }
    return text + "  --config FILE           a TOML file with the same settings\n";
}

}  // namespace sluice::server
