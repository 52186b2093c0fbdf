#include "http/part_head.hpp"

#include <optional>
#include <string>
#include <utility>

#include "base/text.hpp"

namespace sluice::http {

namespace {

// Cuts a quoted string off `text`, which stands behind the opening quote. Paths of Windows come
// with single backslashes, so a backslash escapes only a quote that is not the last one, or a
// backslash.
std::string cut_quoted(std::string_view& text) {
    std::string value;
    std::size_t at = 0;
    for (; at < text.size() && text[at] != '"'; ++at) {
        const bool is_escape =
            text[at] == '\\' && at + 1 < text.size() &&
            (text[at + 1] == '\\' || (text[at + 1] == '"' && text.substr(at + 2).contains('"')));
        at += is_escape ? 1 : 0;
        value += text[at];
    }
    text.remove_prefix(std::min(at + 1, text.size()));
    return value;
}

// Cuts one parameter's value off `text`, which stands behind the equals sign.
std::string cut_value(std::string_view& text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
    if (text.starts_with('"')) {
        text.remove_prefix(1);
        return cut_quoted(text);
    }
    const auto end = std::min(text.find(';'), text.size());
    auto value = std::string(trim(text.substr(0, end)));
    text.remove_prefix(end);
    return value;
}

Result<void> take_disposition(std::string_view value, PartHead& head) {
    auto name = header_parameter(value, "name");
    if (!name) {
        return Error{
            ErrorCode::body_unreadable,
            "A part of the multipart body has no name: \"Content-Disposition: " + printable(value) +
                "\"."
        };
    }
    head.name = std::move(*name);
    head.file_name = header_parameter(value, "filename");
    return ok();
}

Result<void> take_line(std::string_view line, PartHead& head, bool& has_disposition) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) {
        return Error{
            ErrorCode::body_unreadable,
            "A header of a part has no colon: \"" + printable(line) + "\"."
        };
    }
    const auto name = trim(line.substr(0, colon));
    const auto value = trim(line.substr(colon + 1));
    if (equals_ignoring_case(name, "content-disposition")) {
        has_disposition = true;
        return take_disposition(value, head);
    }
    if (equals_ignoring_case(name, "content-type")) {
        head.content_type = value;
    } else if (equals_ignoring_case(name, "content-transfer-encoding")) {
        head.is_base64 = equals_ignoring_case(value, "base64");
    }
    return ok();
}

}  // namespace

std::optional<std::string> header_parameter(std::string_view value, std::string_view name) {
    auto rest = value;
    while (true) {
        const auto separator = rest.find_first_of(";,");
        if (separator == std::string_view::npos) {
            return std::nullopt;
        }
        rest.remove_prefix(separator + 1);
        const auto end = rest.find_first_of("=;,");
        if (end == std::string_view::npos || rest[end] != '=') {
            continue;
        }
        const auto found = trim(rest.substr(0, end));
        rest.remove_prefix(end + 1);
        auto text = cut_value(rest);
        if (equals_ignoring_case(found, name)) {
            return text;
        }
    }
}

Result<PartHead> parse_part_head(std::string_view text) {
    PartHead head;
    bool has_disposition = false;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find("\r\n"));
        text.remove_prefix(std::min(line.size() + 2, text.size()));
        if (auto taken = take_line(line, head, has_disposition); !taken) {
            return std::move(taken).error();
        }
    }
    if (!has_disposition) {
        return Error{
            ErrorCode::body_unreadable, "A part of the multipart body has no Content-Disposition."
        };
    }
    return head;
}

}  // namespace sluice::http
