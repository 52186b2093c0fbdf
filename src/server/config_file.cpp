#include "server/config_file.hpp"

#include <algorithm>

#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace sluice::server {
namespace {

using Entries = std::vector<ConfigEntry>;

std::string origin_of(const std::string& path, const toml::node& node) {
    return path + ":" + std::to_string(node.source().begin.line);
}

bool append_value(
    Entries& entries, const std::string& path, const std::string& key, const toml::node& node
) {
    if (const auto* text = node.as_string()) {
        entries.push_back({key, text->get(), origin_of(path, node)});
    } else if (const auto* number = node.as_integer()) {
        entries.push_back({key, std::to_string(number->get()), origin_of(path, node)});
    } else if (const auto* flag = node.as_boolean()) {
        entries.push_back({key, flag->get() ? "true" : "false", origin_of(path, node)});
    } else {
        return false;
    }
    return true;
}

// A list gives an entry per element.
bool append_values(
    Entries& entries, const std::string& path, const std::string& key, const toml::node& node
) {
    const auto* array = node.as_array();
    if (array == nullptr) {
        return append_value(entries, path, key, node);
    }
    return std::ranges::all_of(*array, [&](const toml::node& element) {
        return append_value(entries, path, key, element);
    });
}

std::string append_table(
    Entries& entries, const std::string& path, const std::string& prefix, const toml::table& table
);

// What is wrong, or nothing.
std::string append_node(
    Entries& entries, const std::string& path, const std::string& key, const toml::node& node
) {
    if (const auto* inner = node.as_table()) {
        return append_table(entries, path, key + ".", *inner);
    }
    if (append_values(entries, path, key, node)) {
        return {};
    }
    return origin_of(path, node) + ": " + key +
           " must be a text, a whole number, true or false, or a list of them.";
}

std::string append_table(
    Entries& entries, const std::string& path, const std::string& prefix, const toml::table& table
) {
    for (const auto& [name, node] : table) {
        auto wrong = append_node(entries, path, prefix + std::string(name.str()), node);
        if (!wrong.empty()) {
            return wrong;
        }
    }
    return {};
}

}  // namespace

std::expected<Entries, std::string> read_config_file(const std::string& path) {
    const toml::parse_result parsed = toml::parse_file(path);
    if (!parsed) {
        const auto& error = parsed.error();
        return std::unexpected(
            path + ":" + std::to_string(error.source().begin.line) + ": " +
            std::string(error.description()) + "."
        );
    }
    Entries entries;
    if (auto wrong = append_table(entries, path, "", parsed.table()); !wrong.empty()) {
        return std::unexpected(std::move(wrong));
    }
    return entries;
}

}  // namespace sluice::server
