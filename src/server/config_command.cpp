#include "server/config_command.hpp"

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <iterator>
#include <utility>

#include "base/json_writer.hpp"
#include "cli/error_text.hpp"
#include "server/open_files.hpp"
#include "server/setting_rows.hpp"
#include "server/settings_in_force.hpp"

namespace sluice::server {
namespace {

constexpr int exit_done = 0;
constexpr int exit_unusable = 3;

constexpr const char* help_text = R"(sluice config show|validate|init|docs

  sluice config show --origin --config /etc/sluice/sluice.toml
  sluice config validate --config /etc/sluice/sluice.toml
  sluice config init > sluice.toml

  show [FLAGS]        what `sluice serve FLAGS` would be set to, but for defaults; --all: these too;
                      --origin: where each comes from; --json
  validate [FLAGS]    exits 0, or 3 with the file, the line and what the value must be
  init                a file with every setting as a comment
  docs                every setting as a table in Markdown

FLAGS are those of serve. A flag wins over a variable, which wins over the file of --config.
)";

// As TOML takes it.
std::string toml_text(std::string_view value) {
    std::string text = "\"";
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    return text + "\"";
}

struct Shape {
    bool has_all = false;
    bool has_origin = false;
    bool is_json = false;
};

// Takes `word` out of the flags of serve.
bool take(std::vector<std::string>& words, std::string_view word) {
    return std::erase(words, word) > 0;
}

std::string told(const GivenSetting& given) {
    return given.value.empty() ? "on" : given.value;
}

constexpr std::string_view by_default = "default";

// "upload.max_bytes=2G" of limits as the file has it: a key of its own.
GivenSetting as_in_the_file(GivenSetting given) {
    const auto equal = given.value.find('=');
    if (given.key == "limits" && equal != std::string::npos) {
        given.key += "." + given.value.substr(0, equal);
        given.value.erase(0, equal + 1);
    }
    return given;
}

// What somebody said, as it was said; then what is in force of all others.
std::vector<GivenSetting> rows_of(const Settings& settings, const Shape& shape) {
    std::vector<GivenSetting> rows;
    std::ranges::transform(settings.given, std::back_inserter(rows), as_in_the_file);
    if (!shape.has_all) {
        return rows;
    }
    for (auto& one : settings_in_force(settings, connections_for(raise_open_files()))) {
        if (one.origin == by_default) {
            rows.push_back({std::move(one.key), std::move(one.value), std::move(one.origin)});
        }
    }
    return rows;
}

void print_json(const std::vector<GivenSetting>& rows) {
    JsonWriter json;
    json.begin_array();
    for (const GivenSetting& row : rows) {
        json.begin_object().member("key", row.key).member("value", told(row));
        json.member("origin", row.origin).end_object();
    }
    json.end_array();
    std::printf("%s\n", json.take().c_str());
}

// As lines of a file; what nobody set is a comment.
void print_text(const std::vector<GivenSetting>& rows, bool has_origin) {
    for (const GivenSetting& row : rows) {
        const char* mark = row.origin == by_default ? "# " : "";
        const std::string origin = has_origin ? "  # " + row.origin : "";
        const std::string value = toml_text(told(row));
        std::printf("%s%s = %s%s\n", mark, row.key.c_str(), value.c_str(), origin.c_str());
    }
}

int show(std::vector<std::string> words, const Environment& environment, bool only_validates) {
    const Shape shape{
        .has_all = take(words, "--all"),
        .has_origin = take(words, "--origin"),
        .is_json = take(words, "--json"),
    };
    const auto settings = read_settings(words, environment);
    if (!settings) {
        std::fprintf(stderr, "sluice: %s\n", settings.error().message.c_str());
        return settings.error().is_usage ? 2 : exit_unusable;
    }
    if (only_validates) {
        std::puts("the settings can be used");
    } else if (shape.is_json) {
        print_json(rows_of(*settings, shape));
    } else {
        print_text(rows_of(*settings, shape), shape.has_origin);
    }
    return exit_done;
}

}  // namespace

std::string sample_config() {
    std::vector<std::pair<std::string, std::string>> tables;  // in the order of their first setting
    for (const SettingRow& row : setting_rows()) {
        const auto dot = row.key.find('.');
        const bool is_table = dot == std::string_view::npos;
        const std::string name(row.key.substr(0, std::min(dot, row.key.size())));
        const std::string key(is_table ? "NAME" : row.key.substr(dot + 1));
        const std::string value(
            is_table                 ? "VALUE"
            : row.value_name.empty() ? "on"
                                     : row.value_name
        );
        auto table = std::ranges::find(tables, name, &std::pair<std::string, std::string>::first);
        if (table == tables.end()) {
            table = tables.insert(table, {name, ""});
        }
        table->second +=
            "# " + std::string(row.help) + "\n# " + key + " = " + toml_text(value) + "\n";
    }
    std::string text =
        "# sluice serve --config THIS_FILE. A flag or a variable wins over what stands here.\n";
    for (const auto& [name, lines] : tables) {
        text.append("\n[").append(name).append("]\n").append(lines);
    }
    return text;
}

std::string settings_table() {
    std::string text = "| key | flag | variable | |\n|---|---|---|---|\n";
    for (const SettingRow& row : setting_rows()) {
        std::string help(row.help);
        for (auto bar = help.find('|'); bar != std::string::npos; bar = help.find('|', bar + 2)) {
            help.insert(bar, "\\");
        }
        text += "| `" + std::string(row.key) + "` | `" + std::string(row.flag) +
                (row.value_name.empty() ? "" : " " + std::string(row.value_name)) + "` | `" +
                variable_of(row.key) + "` | " + help + " |\n";
    }
    return text;
}

int config_command(const std::vector<std::string>& words, const Environment& environment) {
    const std::string what = words.empty() ? "" : words.front();
    if (what == "--help" || what == "-h" || std::ranges::find(words, "--help") != words.end()) {
        std::fputs(help_text, stdout);
        return exit_done;
    }
    const std::vector<std::string> rest(words.begin() + (words.empty() ? 0 : 1), words.end());
    if (what == "show" || what == "validate") {
        return show(rest, environment, what == "validate");
    }
    if ((what != "init" && what != "docs") || !rest.empty()) {
        const std::string wrong = "config takes show, validate, init or docs";
        return cli::usage_error(std::cerr, wrong, "config");
    }
    std::fputs((what == "init" ? sample_config() : settings_table()).c_str(), stdout);
    return exit_done;
}

}  // namespace sluice::server
