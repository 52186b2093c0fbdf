#include "client/settings_text.hpp"

#include <boost/json.hpp>
#include <utility>

#include "base/text.hpp"

namespace sluice::client {
namespace {

namespace json = boost::json;

void add_json(const json::value& value, std::vector<std::string>& path, Leaves& leaves) {
    if (const auto* object = value.if_object()) {
        for (const auto& [name, member] : *object) {
            path.emplace_back(name);
            add_json(member, path, leaves);
            path.pop_back();
        }
    } else if (const auto* list = value.if_array()) {
        for (std::size_t i = 0; i < list->size(); ++i) {
            path.push_back(std::to_string(i));
            add_json((*list)[i], path, leaves);
            path.pop_back();
        }
    } else if (const auto* text = value.if_string()) {
        leaves.push_back({.path = path, .value = std::string(text->c_str(), text->size())});
    }
}

std::optional<Leaves> read_json(const std::string& text) {
    json::error_code error;
    const auto root = json::parse(text, error);
    if (error) {
        return std::nullopt;
    }
    Leaves leaves;
    std::vector<std::string> path;
    add_json(root, path, leaves);
    return leaves;
}

// The value behind a "name:" or "- ", without quotes and comment.
std::string plain_word(std::string_view text) {
    text = trim(text);
    const bool is_quoted = text.starts_with('"') || text.starts_with('\'');
    if (is_quoted) {
        const auto end = text.find(text.front(), 1);
        return std::string(text.substr(1, end == std::string_view::npos ? end : end - 1));
    }
    return std::string(trim(text.substr(0, text.find(" #"))));
}

class YamlReader {
  public:
    Leaves read(std::string_view text) {
        while (!text.empty()) {
            const auto end = text.find('\n');
            take(text.substr(0, end));
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
        return std::move(leaves_);
    }

  private:
    struct Level {
        std::size_t indent;
        std::string name;
        int items = 0;  // of the list below it, so far
    };

    void take(std::string_view line) {
        const auto indent = line.find_first_not_of(' ');
        const auto word = indent == std::string_view::npos ? "" : trim(line.substr(indent));
        if (word.empty() || word.starts_with('#') || word == "---") {
            return;
        }
        word.starts_with("- ") ? take_item(indent, word.substr(2)) : take_member(indent, word);
    }

    // twurl writes the items of a list at the indentation of the name above them.
    void take_item(std::size_t indent, std::string_view word) {
        while (!levels_.empty() && levels_.back().indent > indent) {
            levels_.pop_back();
        }
        if (!levels_.empty()) {
            add(std::to_string(levels_.back().items++), plain_word(word));
        }
    }

    void take_member(std::size_t indent, std::string_view word) {
        const auto colon = word.find(": ");
        const bool is_parent = colon == std::string_view::npos && word.ends_with(':');
        if (colon == std::string_view::npos && !is_parent) {
            return;
        }
        while (!levels_.empty() && levels_.back().indent >= indent) {
            levels_.pop_back();
        }
        const auto name = plain_word(word.substr(0, is_parent ? word.size() - 1 : colon));
        if (is_parent) {
            levels_.push_back({.indent = indent, .name = name});
        } else {
            add(name, plain_word(word.substr(colon + 1)));
        }
    }

    void add(std::string name, std::string value) {
        Leaf leaf{.path = {}, .value = std::move(value)};
        for (const auto& level : levels_) {
            leaf.path.push_back(level.name);
        }
        leaf.path.push_back(std::move(name));
        leaves_.push_back(std::move(leaf));
    }

    std::vector<Level> levels_;
    Leaves leaves_;
};

}  // namespace

std::optional<Leaves> read_settings_text(const std::string& text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string::npos && text[first] == '{') {
        return read_json(text);
    }
    return YamlReader().read(text);
}

}  // namespace sluice::client
