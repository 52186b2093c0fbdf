#include "store/s3/answer_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::s3 {
namespace {

// Quotes around ETags come as numbers from some.
constexpr std::array<std::pair<std::string_view, char>, 6> entities{{
    {"&lt;", '<'},
    {"&gt;", '>'},
    {"&quot;", '"'},
    {"&#34;", '"'},
    {"&apos;", '\''},
    {"&amp;", '&'},
}};

std::string decoded(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto entity = std::ranges::find_if(entities, [text](const auto& known) {
            return text.starts_with(known.first);
        });
        const bool is_one = entity != entities.end();
        result += is_one ? entity->second : text.front();
        text.remove_prefix(is_one ? entity->first.size() : 1);
    }
    return result;
}

// Where the content of the next element of this name begins, with or without attributes.
std::size_t content_from(std::string_view xml, std::string_view name, std::size_t from) {
    const std::string open = "<" + std::string(name);
    for (auto at = xml.find(open, from); at != std::string_view::npos;
         at = xml.find(open, at + 1)) {
        const auto behind = at + open.size();
        if (behind < xml.size() && (xml[behind] == '>' || xml[behind] == ' ')) {
            const auto end = xml.find('>', behind);
            return end == std::string_view::npos ? end : end + 1;
        }
    }
    return std::string_view::npos;
}

}  // namespace

std::vector<std::string_view> xml_elements(std::string_view xml, std::string_view name) {
    const std::string close = "</" + std::string(name) + ">";
    std::vector<std::string_view> found;
    std::size_t from = content_from(xml, name, 0);
    while (from != std::string_view::npos) {
        const auto end = xml.find(close, from);
        if (end == std::string_view::npos) {
            break;
        }
        found.push_back(xml.substr(from, end - from));
        from = content_from(xml, name, end + close.size());
    }
    return found;
}

std::string xml_value(std::string_view xml, std::string_view name) {
    const std::string close = "</" + std::string(name) + ">";
    const auto from = content_from(xml, name, 0);
    const auto end = from == std::string_view::npos ? from : xml.find(close, from);
    return end == std::string_view::npos ? std::string() : decoded(xml.substr(from, end - from));
}

std::string json_value(std::string_view json, std::string_view name) {
    const auto at = json.find("\"" + std::string(name) + "\"");
    if (at == std::string_view::npos) {
        return {};
    }
    const auto colon = json.find(':', at);
    const auto open = colon == std::string_view::npos ? colon : json.find('"', colon);
    const auto close = open == std::string_view::npos ? open : json.find('"', open + 1);
    if (close == std::string_view::npos) {
        return {};
    }
    const auto value = json.substr(open + 1, close - open - 1);
    return value.find('\\') == std::string_view::npos ? std::string(value) : std::string();
}

}  // namespace sluice::s3
