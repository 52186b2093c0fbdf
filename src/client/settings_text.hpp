// What stands in a JSON text, or in the part of YAML that twurl and xurl write: mappings by
// indentation, lists of words, plain and quoted words, comments. Anchors, tags, folded texts and
// flow mappings are not understood and taken for words. Pure; data from outside.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::client {

// One word, with the names that lead to it; places in a list are numbers.
struct Leaf {
    std::vector<std::string> path;
    std::string value;
};
using Leaves = std::vector<Leaf>;

// In the order of the text. A text that begins with '{' is JSON; nothing if it is broken JSON.
std::optional<Leaves> read_settings_text(const std::string& text);

}  // namespace sluice::client
