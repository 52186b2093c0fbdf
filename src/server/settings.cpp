#include "server/settings.hpp"

#include <algorithm>
#include <array>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <sstream>

#include "base/text.hpp"
#include "server/config_file.hpp"
#include "server/setting_rows.hpp"
#include "server/store_settings.hpp"

namespace sluice::server {
namespace {

struct Given {
    std::string value;
    std::string origin;  // how the user knows it: "--listen", "SLUICE_SERVER_DATA", "sluice.toml:3"
};
using AllGiven = std::map<std::string_view, std::vector<Given>>;  // by key

std::unexpected<SettingsError> usage(std::string message) {
    return std::unexpected(SettingsError{std::move(message), true});
}

const SettingRow* find_flag(std::string_view flag) {
    const auto rows = setting_rows();
    const auto found = std::ranges::find(rows, flag, &SettingRow::flag);
    return found == rows.end() ? nullptr : &*found;
}

std::unexpected<SettingsError> unknown_flag(const std::string& flag) {
    std::vector<std::string_view> flags{"--config", "--help"};
    for (const SettingRow& row : setting_rows()) {
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
    const SettingRow* row = find_flag(flag);
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

std::string_view limit_named_in(const Given& given) {
    return std::string_view(given.value).substr(0, given.value.find('='));
}

// What somebody stronger said of a setting stays. Limits have one key and are settings each.
void add_weaker(AllGiven& given, std::string_view key, std::vector<Given> weaker) {
    std::vector<Given>& stands = given[key];
    const bool are_limits = key == "limits";
    std::erase_if(weaker, [&](const Given& one) {
        return std::ranges::any_of(stands, [&](const Given& other) {
            return !are_limits || limit_named_in(one) == limit_named_in(other);
        });
    });
    // Before the others: of two that are about one limit, in whatever words, the later one counts.
    stands.insert(
        stands.begin(),
        std::make_move_iterator(weaker.begin()),
        std::make_move_iterator(weaker.end())
    );
}

void add_environment(AllGiven& given, const Environment& environment) {
    for (const SettingRow& row : setting_rows()) {
        const auto found = environment.find(variable_of(row.key));
        if (found != environment.end()) {
            add_weaker(given, row.key, {{found->second, found->first}});
        }
    }
}

std::expected<void, SettingsError> add_file(AllGiven& given, const std::string& path) {
    const auto entries = read_config_file(path);
    if (!entries) {
        return std::unexpected(SettingsError{entries.error(), false});
    }
    AllGiven of_file;
    const auto rows = setting_rows();
    for (const ConfigEntry& entry : *entries) {
        const bool is_limit = entry.key.starts_with("limits.");
        const auto row = std::ranges::find(
            rows, is_limit ? std::string_view("limits") : entry.key, &SettingRow::key
        );
        if (row == rows.end()) {
            std::vector<std::string_view> keys;
            std::ranges::transform(rows, std::back_inserter(keys), &SettingRow::key);
            const auto nearest = nearest_word(entry.key, keys);
            const std::string hint = nearest ? " Did you mean " + std::string(*nearest) + "?" : "";
            return std::unexpected(SettingsError{
                entry.origin + ": there is no setting " + entry.key + "." + hint, false
            });
        }
        const std::string value = is_limit ? entry.key.substr(7) + "=" + entry.value : entry.value;
        of_file[row->key].push_back({value, entry.origin});
    }
    for (auto& [key, values] : of_file) {
        add_weaker(given, key, std::move(values));
    }
    return {};
}

std::string shown(const SettingRow& row, const std::string& value) {
    return row.shown == nullptr ? value : row.shown(value);
}

std::expected<void, SettingsError> apply_all(
    const SettingRow& row, const std::vector<Given>& all, Settings& settings
) {
    for (const Given& given : all) {
        if (auto applied = row.apply(settings, given.value); !applied) {
            return std::unexpected(SettingsError{
                given.origin + " is \"" + printable(shown(row, given.value)) + "\"; it must be " +
                    applied.error() + ".",
                given.origin.starts_with("--"),
            });
        }
    }
    return {};
}

std::expected<void, SettingsError> check_faults(const Settings& settings) {
    if (!settings.needs_keys || settings.faults.empty()) {
        return {};
    }
    return std::unexpected(SettingsError{
        "--fault is for development: with --auth keys it would harm others. Leave one of them out.",
        false,
    });
}

// Without keys anybody who reaches the server is let in, so only this machine may reach it.
std::expected<void, SettingsError> check_doors(const Settings& settings, const AllGiven& given) {
    const auto foreign = std::ranges::find_if(settings.listen, [](const ListenAddress& address) {
        return !is_loopback(address.host);
    });
    if (settings.needs_keys || foreign == settings.listen.end()) {
        return {};
    }
    const bool is_v6 = foreign->host.find(':') != std::string::npos;
    const std::string address =
        (is_v6 ? "[" + foreign->host + "]" : foreign->host) + ":" + std::to_string(foreign->port);
    const auto said = given.find("server.listen");
    const bool is_flag =
        said != given.end() && !said->second.empty() && said->second.front().origin == "--listen";
    const std::string data = settings.data == "./sluice-data" ? "" : " --data " + settings.data;
    return std::unexpected(SettingsError{
        "listening on " + address +
            " lets others in, and demands keys. Run\n"
            "  sluice keys create --name NAME" +
            data +
            "\n"
            "  sluice serve --listen " +
            address + data + " --auth keys",
        is_flag,
    });
}

}  // namespace

std::string variable_of(std::string_view key) {
    std::string name = "SLUICE_";
    for (const char c : key) {
        name += c == '.' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
    }
    return name;
}

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
    for (const SettingRow& row : setting_rows()) {
        const auto& all = line->given[row.key];
        if (auto applied = apply_all(row, all, settings); !applied) {
            return std::unexpected(std::move(applied).error());
        }
        for (const Given& one : all) {
            settings.given.push_back({std::string(row.key), shown(row, one.value), one.origin});
        }
    }
    if (settings.listen.empty()) {
        settings.listen.push_back({"127.0.0.1", 8080});
    }
    if (auto checked = check_doors(settings, line->given); !checked) {
        return std::unexpected(std::move(checked).error());
    }
    if (auto checked = check_faults(settings); !checked) {
        return std::unexpected(std::move(checked).error());
    }
    if (auto refused = refused_combination(settings)) {
        return std::unexpected(SettingsError{*std::move(refused), false});
    }
    return settings;
}

std::string serve_help() {
    std::string text =
        "usage: sluice serve [flags]\n\n"
        "  sluice serve\n"
        "  sluice serve --listen 127.0.0.1:0 --data /var/lib/sluice\n\n"
        "flags (each also as SLUICE_… variable or in the file of --config):\n";
    for (const SettingRow& row : setting_rows()) {
        std::string left = "  " + std::string(row.flag) + " " + std::string(row.value_name);
        left.resize(std::max<std::size_t>(left.size() + 1, 26), ' ');
        text += left + std::string(row.help) + "\n";
    }
    return text + "  --config FILE           a TOML file with the same settings\n";
}

}  // namespace sluice::server
