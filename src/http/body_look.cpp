#include "http/body_look.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::http {
namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view behind_blanks(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    return text;
}

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 && c != '\t' && c != '\r' && c != '\n';
}

// '{' alone begins a name in a url-encoded body as well.
bool begins_json(std::string_view text) {
    if (!text.starts_with('{')) {
        return false;
    }
    const std::string_view next = behind_blanks(text.substr(1));
    return next.empty() || next.starts_with('"') || next.starts_with('}');
}

bool begins_multipart(std::string_view text) {
    const auto line_end = text.find('\n');
    return text.starts_with("--") && line_end != std::string_view::npos &&
           lower_case(text.substr(line_end + 1, 40)).starts_with("content-");
}

// name=value, the name made of what parameters are made of.
bool begins_urlencoded(std::string_view text) {
    const auto equal = text.find('=');
    return equal != std::string_view::npos && equal > 0 && equal <= 64 &&
           std::ranges::all_of(text.substr(0, equal), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      std::string_view("_-.%[]").contains(c);
           });
}

std::string hex_start(std::string_view text) {
    std::string hex;
    for (const char c : text.substr(0, 8)) {
        const auto byte = static_cast<unsigned char>(c);
        hex += (hex.empty() ? "" : " ");
        hex += digits[byte >> 4];
        hex += digits[byte & 15U];
    }
    return hex;
}

// The first bytes as a sentence, and what to do about it.
std::string seen(BodyLook look, std::string_view text) {
    switch (look) {
        case BodyLook::json:
            return "a JSON object: \"" + printable(text, 40) +
                   "\". Label it \"Content-Type: application/json\".";
        case BodyLook::multipart:
            return "a multipart body: \"" + printable(text.substr(0, text.find('\r')), 76) +
                   "\". Label it \"Content-Type: multipart/form-data; boundary=…\", which the HTTP "
                   "library does if the field is not set by hand.";
        case BodyLook::urlencoded:
            return "url-encoded parameters: \"" + printable(text, 40) +
                   "\". Label it \"Content-Type: application/x-www-form-urlencoded\".";
        case BodyLook::binary:
            return "a binary file (" + hex_start(text) +
                   " …). Send its bytes in a multipart part named \"media\", or as base64 in "
                   "media_data.";
        default:
            return "plain text: \"" + printable(text, 40) + "\".";
    }
}

std::string declared(std::string_view content_type) {
    return content_type.empty() ? "There is no Content-Type"
                                : "The Content-Type is \"" + printable(content_type, 100) + "\"";
}

Error unreadable(std::string_view content_type, BodyLook look, std::string_view text) {
    return {
        .code = ErrorCode::body_unreadable,
        .facts = declared(content_type) + ", the body begins like " + seen(look, text),
    };
}

BodyLook promised_by(std::string_view content_type) {
    const std::string type = lower_case(content_type);
    if (type.contains("multipart/form-data")) {
        return BodyLook::multipart;
    }
    if (type.contains("json")) {
        return BodyLook::json;
    }
    return type.contains("urlencoded") ? BodyLook::urlencoded : BodyLook::empty;
}

bool is_of_the_form(ErrorCode code) {
    return code == ErrorCode::multipart_boundary || code == ErrorCode::body_unreadable ||
           code == ErrorCode::json_expected;
}

}  // namespace

BodyLook look_of(std::span<const std::byte> start) {
    const std::string_view text =
        behind_blanks(text_of(start.first(std::min(start.size(), body_look_bytes))));
    if (text.empty()) {
        return BodyLook::empty;
    }
    if (begins_multipart(text)) {
        return BodyLook::multipart;
    }
    if (std::ranges::any_of(text, is_control)) {
        return BodyLook::binary;
    }
    if (begins_json(text)) {
        return BodyLook::json;
    }
    return begins_urlencoded(text) ? BodyLook::urlencoded : BodyLook::text;
}

std::optional<Error> mislabelled(std::string_view content_type, std::span<const std::byte> start) {
    const BodyLook look = look_of(start);
    const BodyLook promised = promised_by(content_type);
    const std::string_view text = behind_blanks(text_of(start));
    const bool takes_anything = promised == BodyLook::urlencoded || promised == BodyLook::empty;
    const bool has_member =
        look == BodyLook::json && !behind_blanks(text.substr(1)).starts_with('}');
    const bool is_other = look == BodyLook::binary || (promised == BodyLook::urlencoded &&
                                                       (has_member || look == BodyLook::multipart));
    return takes_anything && is_other ? std::optional(unreadable(content_type, look, text))
                                      : std::nullopt;
}

Error explained(Error error, std::string_view content_type, std::span<const std::byte> start) {
    const BodyLook look = look_of(start);
    const BodyLook promised = promised_by(content_type);
    if (!is_of_the_form(error.code) || look == BodyLook::empty) {
        return error;
    }
    const std::string_view text = behind_blanks(text_of(start));
    if (promised != BodyLook::empty && look != promised && look != BodyLook::text) {
        return unreadable(content_type, look, text);
    }
    if (error.code == ErrorCode::multipart_boundary && !error.facts.contains("begins with")) {
        error.facts += " The first line of the body is \"" +
                       printable(text.substr(0, text.find_first_of("\r\n")), 80) + "\".";
    } else if (error.code == ErrorCode::json_expected) {
        error.facts += " It begins with \"" + printable(text, 40) + "\".";
    }
    return error;
}

}  // namespace sluice::http
