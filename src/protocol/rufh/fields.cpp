#include "protocol/rufh/fields.hpp"

#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "core/category.hpp"
#include "protocol/common/upload_metadata.hpp"

namespace sluice::protocol::rufh {
namespace {

constexpr std::size_t digits_max = 15;

bool is_lower(char c) {
    return c >= 'a' && c <= 'z';
}

// Parameters are read and not looked at: ";x", ";x=1", "; x=?0". Their values are believed to be items.
bool are_parameters(std::string_view text) {
    while (!text.empty()) {
        if (!text.starts_with(';')) {
            return false;
        }
        text.remove_prefix(1);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
        if (text.empty() || !(is_lower(text.front()) || text.front() == '*')) {
            return false;
        }
        const auto parameter = text.substr(0, text.find(';'));
        if (std::ranges::any_of(parameter, [](char c) {
                return c <= ' ' || c > '~' || c == ',';
            })) {
            return false;
        }
        text.remove_prefix(parameter.size());
    }
    return true;
}

template <class Value>
std::optional<Value> only(const http::Request& request, std::string_view name, auto parse) {
    const auto field = request.header(name);
    return field && request.count(name) == 1 ? parse(*field) : std::optional<Value>();
}

std::optional<ByteCount> count_of(const http::Request& request, std::string_view name) {
    const auto number = only<std::uint64_t>(request, name, integer_item);
    return number ? std::optional(ByteCount{*number}) : std::nullopt;
}

// The value at the front, quoted or not, which goes from it.
std::string take_value(std::string_view& field) {
    std::string value;
    if (!field.starts_with('"')) {
        const auto token = field.substr(0, field.find(';'));
        value = trim(token);
        field.remove_prefix(token.size());
        return value;
    }
    std::size_t at = 1;
    for (; at < field.size() && field[at] != '"'; ++at) {
        at += field[at] == '\\' && at + 1 < field.size() ? 1 : 0;
        value += field[at];
    }
    field.remove_prefix(std::min(at + 1, field.size()));
    return value;
}

// The value of one parameter behind the disposition's type.
std::optional<std::string> parameter_of(std::string_view field, std::string_view wanted) {
    while (true) {
        const auto semicolon = field.find(';');
        if (semicolon == std::string_view::npos) {
            return std::nullopt;
        }
        field.remove_prefix(semicolon + 1);
        field.remove_prefix(std::min(field.find_first_not_of(" \t"), field.size()));
        const auto equals = field.find('=');
        if (equals == std::string_view::npos) {
            return std::nullopt;
        }
        const bool is_it = equals_ignoring_case(trim(field.substr(0, equals)), wanted);
        field.remove_prefix(equals + 1);
        auto value = take_value(field);
        if (is_it) {
            return value;
        }
    }
}

}  // namespace

std::optional<bool> boolean_item(std::string_view text) {
    text = trim(text);
    if (text.size() < 2 || text[0] != '?' || (text[1] != '0' && text[1] != '1') ||
        !are_parameters(text.substr(2))) {
        return std::nullopt;
    }
    return text[1] == '1';
}

std::optional<std::uint64_t> integer_item(std::string_view text) {
    text = trim(text);
    const auto digits = text.substr(0, std::min(text.find_first_not_of("0123456789"), text.size()));
    if (digits.empty() || digits.size() > digits_max ||
        !are_parameters(text.substr(digits.size()))) {
        return std::nullopt;
    }
    return parse_unsigned(digits);
}

Fields fields_of(const http::Request& request) {
    Fields fields;
    fields.interop = only<std::uint64_t>(request, "Upload-Draft-Interop-Version", integer_item);
    fields.is_complete = only<bool>(request, "Upload-Complete", boolean_item);
    if (fields.interop == 3U && !fields.is_complete) {
        const auto is_incomplete = only<bool>(request, "Upload-Incomplete", boolean_item);
        fields.is_complete = is_incomplete ? std::optional(!*is_incomplete) : std::nullopt;
    }
    fields.offset = count_of(request, "Upload-Offset");
    fields.length = count_of(request, "Upload-Length");
    if (!request.is_chunked) {
        fields.body = ByteCount{request.content_length.value_or(0)};
    }
    return fields;
}

Result<void> lengths_fit(const Fields& fields) {
    if (!fields.length || !fields.body) {
        return ok();
    }
    const bool is_last = fields.is_complete.value_or(true);
    if (is_last ? *fields.body == *fields.length : *fields.body <= *fields.length) {
        return ok();
    }
    return Error{
        .code = is_last ? ErrorCode::length_invalid : ErrorCode::beyond_total_bytes,
        .facts = "The body has " + std::to_string(fields.body->value) +
                 " bytes, Upload-Length says " + std::to_string(fields.length->value) + ".",
    };
}

Result<void> append_fits(const Fields& fields, ByteCount bytes_max) {
    if (bytes_max.value == 0 || !fields.body || *fields.body <= bytes_max) {
        return ok();
    }
    return Error{
        .code = ErrorCode::body_too_large,
        .facts = "The body has " + std::to_string(fields.body->value) +
                 " bytes, one request of a resumable upload takes at most " +
                 std::to_string(bytes_max.value) + " (max-append-size): send it in several.",
    };
}

Result<void> check_append(const http::Request& request, const Fields& fields, ByteCount bytes_max) {
    const auto type = essence_of(request.header("Content-Type").value_or(""));
    if (type != partial_type && !(type.empty() && fields.is_before(6))) {
        return Error{
            .code = ErrorCode::unsupported_media_type,
            .facts = "Content-Type is \"" + printable(type) + "\"; PATCH takes " +
                     std::string(partial_type) + ".",
        };
    }
    if (!fields.offset) {
        return Error{
            .code = ErrorCode::offset_invalid,
            .facts = "Upload-Offset is \"" +
                     printable(request.header("Upload-Offset").value_or("")) + "\".",
        };
    }
    if (!fields.is_complete) {
        return Error{
            .code = ErrorCode::completeness_missing,
            .facts = "Upload-Complete is \"" +
                     printable(request.header("Upload-Complete").value_or("")) + "\".",
        };
    }
    return append_fits(fields, bytes_max);
}

std::string file_name_of(std::string_view content_disposition) {
    std::string name;
    if (const auto extended = parameter_of(content_disposition, "filename*")) {
        const auto first = extended->find('\'');
        const auto second = first == std::string::npos ? first : extended->find('\'', first + 1);
        if (second != std::string::npos &&
            equals_ignoring_case(extended->substr(0, first), "utf-8")) {
            name =
                percent_decode(std::string_view(*extended).substr(second + 1), false).value_or("");
        }
    }
    if (name.empty()) {
        name = parameter_of(content_disposition, "filename").value_or("");
    }
    return file_name_in(std::move(name));
}

std::optional<MediaId> id_in(std::string_view path) {
    if (!path.starts_with(collection)) {
        return std::nullopt;
    }
    return MediaId::parse(path.substr(collection.size()));
}

}  // namespace sluice::protocol::rufh
