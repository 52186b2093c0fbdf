#include "protocol/tus/fields.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::protocol::tus {
namespace {

constexpr std::size_t parts_max = 1000;

Error wrong(ErrorCode code, std::string facts) {
    return {.code = code, .facts = std::move(facts)};
}

// Digits, and no more than a file can have bytes; a field that came twice is none.
std::optional<ByteCount> number_in(const http::Request& request, std::string_view name) {
    const auto text = request.header(name).value_or("");
    const bool is_one = request.count(name) == 1;
    const auto number = is_one ? parse_unsigned(text) : std::nullopt;
    const bool is_sane = number && *number <= INT64_MAX;
    return is_sane ? std::optional(ByteCount{*number}) : std::nullopt;
}

std::string quoted(const http::Request& request, std::string_view name) {
    return std::string(name) + " is \"" + printable(request.header(name).value_or("")) +
           "\"; it must be decimal digits.";
}

}  // namespace

Result<std::optional<ByteCount>> length_of(const http::Request& request) {
    const auto deferred = request.header("Upload-Defer-Length");
    const bool has_length = request.header("Upload-Length").has_value();
    if (deferred && has_length) {
        return wrong(ErrorCode::length_invalid, "Upload-Length and Upload-Defer-Length came both.");
    }
    if (!deferred && !has_length) {
        return wrong(
            ErrorCode::length_invalid, "Neither Upload-Length nor Upload-Defer-Length came."
        );
    }
    if (deferred && (*deferred != "1" || request.count("Upload-Defer-Length") != 1)) {
        return wrong(
            ErrorCode::length_invalid,
            "Upload-Defer-Length is \"" + printable(request.joined("Upload-Defer-Length")) +
                "\"; it can only be 1, once."
        );
    }
    return late_length_of(request);
}

Result<std::optional<ByteCount>> late_length_of(const http::Request& request) {
    if (!request.header("Upload-Length")) {
        return std::optional<ByteCount>();
    }
    const auto length = number_in(request, "Upload-Length");
    return length ? Result<std::optional<ByteCount>>(length)
                  : wrong(ErrorCode::length_invalid, quoted(request, "Upload-Length"));
}

Result<ByteCount> offset_of(const http::Request& request) {
    const auto offset = number_in(request, "Upload-Offset");
    return offset ? Result<ByteCount>(*offset)
                  : wrong(ErrorCode::offset_invalid, quoted(request, "Upload-Offset"));
}

std::optional<MediaId> id_in(std::string_view url) {
    if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
        url.remove_prefix(std::min(url.find('/', scheme + 3), url.size()));
    }
    if (!url.starts_with(collection)) {
        return std::nullopt;
    }
    return MediaId::parse(url.substr(collection.size()));
}

Result<Concat> concat_of(const http::Request& request) {
    if (request.count("Upload-Concat") != 1) {
        return wrong(
            ErrorCode::concatenation_invalid,
            "Upload-Concat came " + std::to_string(request.count("Upload-Concat")) + " times."
        );
    }
    const auto field = request.header("Upload-Concat").value_or("");
    if (field == "partial") {
        return Concat{.is_partial = true, .parts = {}};
    }
    constexpr std::string_view final_word = "final;";
    if (!field.starts_with(final_word)) {
        return wrong(
            ErrorCode::concatenation_invalid,
            "Upload-Concat is \"" + printable(field) + "\"; it must be partial, or final; and URLs."
        );
    }
    Concat concat;
    auto rest = trim(field.substr(final_word.size()));
    while (!rest.empty() && concat.parts.size() < parts_max) {
        const auto blank = std::min(rest.find(' '), rest.size());
        const auto url = rest.substr(0, blank);
        const auto id = id_in(url);
        if (!id) {
            return wrong(
                ErrorCode::concatenation_invalid,
                "\"" + printable(url) + "\" is no upload of this server."
            );
        }
        concat.parts.push_back(*id);
        rest = trim(rest.substr(blank));
    }
    if (concat.parts.empty() || !rest.empty()) {
        return wrong(
            ErrorCode::concatenation_invalid,
            "A final upload names 1 to " + std::to_string(parts_max) + " parts."
        );
    }
    return concat;
}

std::string told_of(const http::Request& request) {
    return request.joined("Upload-Metadata") + "\n" +
           std::string(request.header("Upload-Concat").value_or(""));
}

Told parse_told(std::string_view told) {
    const auto line = std::min(told.find('\n'), told.size());
    return {told.substr(0, line), told.substr(std::min(line + 1, told.size()))};
}

}  // namespace sluice::protocol::tus
