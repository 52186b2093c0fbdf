#include "protocol/common/upload_parameters.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "core/upload.hpp"

namespace sluice::protocol {
namespace {

std::string received(std::string_view name, std::string_view value) {
    return std::string(name) + " is \"" + printable(value) + "\"";
}

// "1.0" is a number that went through a language without whole ones.
std::string_view whole_part(std::string_view text) {
    const auto point = text.find('.');
    const bool is_whole = point != std::string_view::npos && point + 1 < text.size() &&
                          text.find_first_not_of('0', point + 1) == std::string_view::npos;
    return is_whole ? text.substr(0, point) : text;
}

std::string why_no_id(std::string_view value) {
    const bool is_number = value.find_first_not_of("0123456789") == std::string_view::npos;
    const bool is_floating = value.find_first_not_of("0123456789.eE+") == std::string_view::npos;
    if (is_number) {
        return "an id has at most 19 digits and 63 bits.";
    }
    return is_floating ? "it went through a floating point number, which cannot hold an id: read "
                         "media_id_string."
                       : "it must be the number that INIT answered.";
}

// "X-MediaId", "media_id", "Media-Key"
bool names_an_id(std::string_view header) {
    std::string squeezed = lower_case(header);
    std::erase_if(squeezed, [](char c) { return c == '-' || c == '_'; });
    return squeezed == "mediaid" || squeezed == "xmediaid" || squeezed == "mediakey" ||
           squeezed == "xmediakey" || squeezed == "mediaidstring";
}

}  // namespace

Result<ByteCount> total_bytes_of(const Parameters& parameters) {
    const auto text = parameters.find("total_bytes");
    if (!text || text->empty()) {
        return Error{
            .code = ErrorCode::total_bytes_missing,
            .facts =
                "INIT needs the size of the whole file, not of a chunk and not of its base64 text. "
                "Received: " +
                parameters.listed() + ".",
        };
    }
    const auto number = parse_unsigned(trim(*text));
    if (!number || *number == 0) {
        return Error{
            .code = ErrorCode::total_bytes_invalid,
            .facts = received("total_bytes", *text) +
                     "; it must be a whole number of bytes, at least 1.",
        };
    }
    return ByteCount{*number};
}

Result<MediaId> media_id_of(std::string_view text, bool takes_keys) {
    const std::string_view value = trim(text);
    if (value.empty()) {
        return Error{.code = ErrorCode::media_id_missing, .facts = "media_id is missing or empty."};
    }
    if (const auto of_key = parse_media_key(value)) {
        if (takes_keys) {
            return *of_key;
        }
        return Error{
            .code = ErrorCode::media_key_as_id,
            .facts = received("media_id", value) + ", which is a media_key; the id is " +
                     of_key->text() + ".",
            .media_id = of_key->value,
        };
    }
    const auto id = MediaId::parse(value);
    if (!id) {
        return Error{
            .code = ErrorCode::media_id_invalid,
            .facts = received("media_id", value) + "; " + why_no_id(value),
        };
    }
    return *id;
}

Error with_place_of_id(Error error, const http::Request& request, const Parameters& parameters) {
    if (error.code != ErrorCode::media_id_missing) {
        return error;
    }
    for (const http::HeaderField& field : request.headers) {
        if (names_an_id(field.name)) {
            error.facts += " The header \"" + printable(field.name) + "\" carries \"" +
                           printable(field.value, 24) +
                           "\"; headers are not read: send it as the parameter media_id.";
        }
    }
    for (const std::string_view name :
         {"id", "mediaId", "media_ids", "media_id_string", "mediaID"}) {
        if (const auto value = parameters.find(name); value && !value->empty()) {
            error.facts += " The parameter \"" + std::string(name) + "\" carries \"" +
                           printable(*value, 24) + "\"; its name must be media_id.";
        }
    }
    return error;
}

Result<SegmentIndex> segment_index_of(const Parameters& parameters) {
    const auto text = parameters.find("segment_index");
    if (!text || trim(*text).empty()) {
        return Error{
            .code = ErrorCode::segment_index_missing,
            .facts = "Segments are numbered from 0. Received: " + parameters.listed() + ".",
        };
    }
    const auto number = parse_unsigned(whole_part(trim(*text)));
    if (!number) {
        return Error{
            .code = ErrorCode::segment_index_invalid,
            .facts =
                received("segment_index", *text) + "; it must be a whole number from 0 to 999.",
        };
    }
    if (*number > segment_index_max) {
        return Error{
            .code = ErrorCode::segment_index_range,
            .facts = received("segment_index", *text) +
                     "; it must be within 0 and 999. Larger segments need fewer indexes.",
        };
    }
    return SegmentIndex{static_cast<std::uint16_t>(*number)};
}

void note_call(Exchange& exchange, const Parameters& parameters) {
    static constexpr std::array<std::string_view, 4> commands{
        "INIT", "APPEND", "FINALIZE", "STATUS"
    };
    for (const std::string_view command : commands) {
        if (exchange.call.empty() && equals_ignoring_case(parameters.get("command"), command)) {
            exchange.call = command;
        }
    }
    if (!exchange.media_id) {
        const auto id = media_id_of(parameters.get("media_id"), true);
        exchange.media_id = id ? std::optional(*id) : std::nullopt;
    }
    if (!exchange.segment_index && exchange.call == "APPEND") {
        exchange.segment_index = parse_unsigned(trim(parameters.get("segment_index")));
    }
}

Result<std::vector<std::uint64_t>> additional_owners_of(const Parameters& parameters) {
    constexpr std::size_t owners_max = 100;  // reference 2.3
    std::vector<std::uint64_t> owners;
    std::string wrong;
    for (std::string_view rest = trim(parameters.get("additional_owners")); !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const std::string_view entry = trim(rest.substr(0, comma));
        rest.remove_prefix(std::min(comma + 1, rest.size()));
        const auto id = MediaId::parse(entry);  // a user's number has the same form
        if (id) {
            owners.push_back(id->value);
        } else if (wrong.size() < 200) {
            wrong += (wrong.empty() ? "\"" : ", \"") + printable(entry, 40) + "\"";
        }
    }
    // As PHP and some JavaScript write lists; ignored, the owners would not be owners.
    const std::string as_list = parameters.first_with("additional_owners[");
    if (!as_list.empty() && owners.empty() && wrong.empty()) {
        return Error{
            .code = ErrorCode::additional_owners_invalid,
            .facts = "The ids came as \"" + printable(as_list, 40) +
                     "\"; expected is one parameter additional_owners, ids separated by commas.",
        };
    }
    if (!wrong.empty() || owners.size() > owners_max) {
        return Error{
            .code = ErrorCode::additional_owners_invalid,
            .facts = wrong.empty()
                         ? std::to_string(owners.size()) + " ids came; at most 100 are taken."
                         : "No numbers of users are " + wrong +
                               "; expected are ids of 1 to 19 digits, separated by commas.",
        };
    }
    return owners;
}

bool flag_of(const Parameters& parameters, std::string_view name) {
    const std::string value = lower_case(trim(parameters.get(name)));
    return value == "true" || value == "1" || value == "t";
}

std::optional<Error> without_media(const ReceivedForm& form) {
    if (form.media_twice) {
        return *form.media_twice;
    }
    if (form.has_media()) {
        return std::nullopt;
    }
    if (form.other_file) {
        return Error{
            .code = ErrorCode::media_part_missing,
            .facts = "The file came as \"" + printable(form.other_file->name) + "\" (" +
                     std::to_string(form.other_file->length.value) + " bytes): rename \"" +
                     printable(form.other_file->name) +
                     "\" to \"media\". Received: " + received_list(form) + ".",
        };
    }
    return Error{
        .code = ErrorCode::media_missing,
        .facts = "There is no part \"media\" and no \"media_data\". Received: " +
                 received_list(form) + ".",
    };
}

std::string received_list(const ReceivedForm& form) {
    std::string text = form.parameters.listed();
    const auto add = [&text](std::string_view name, const std::string& what) {
        text = (text == "none" ? "" : text + ", ") + printable(name, 40) + " (" + what + ")";
    };
    if (form.media) {
        add(form.media_name, std::to_string(form.media->length().value) + " bytes");
    } else if (form.media_refusal) {
        add(form.media_name, "not readable");
    }
    if (form.other_file) {
        add(form.other_file->name, std::to_string(form.other_file->length.value) + " bytes");
    }
    return text;
}

}  // namespace sluice::protocol
