#include "protocol/common/json_media_ids.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>

#include "base/text.hpp"
#include "protocol/common/receive_json.hpp"
#include "protocol/common/upload_parameters.hpp"

namespace sluice::protocol {
namespace {

namespace json = boost::json;

constexpr std::size_t ids_max = 100;  // no post takes more than four; the rest is only counted

Error invalid(std::string facts) {
    return {.code = ErrorCode::media_ids_invalid, .facts = std::move(facts)};
}

// Digits of an id in JSON; a floating-point number has lost some.
Result<std::string> digits_of(const json::value& value) {
    if (value.is_string()) {
        return std::string(value.get_string());
    }
    if (value.is_int64() || value.is_uint64()) {
        return json::serialize(value);
    }
    return Error{
        .code = ErrorCode::media_id_invalid,
        .facts = value.is_double()
                     ? "The id is the floating-point number " + json::serialize(value) +
                           ", whose last digits are lost; send it as a string."
                     : "The id is " + described(value) + "; expected is a string of digits.",
    };
}

// What every library does with a text where it wants a list: each character becomes an id.
std::string spread_text(const json::array& list) {
    const bool is_spread =
        list.size() > 4 && std::ranges::all_of(list, [](const json::value& entry) {
            return entry.is_string() && entry.get_string().size() == 1;
        });
    std::string text;
    for (std::size_t i = 0; is_spread && i < list.size(); ++i) {
        text += std::string_view(list[i].get_string());
    }
    return text;
}

Result<MediaId> entry_of(std::string_view text, std::string_view name) {
    auto id = media_id_of(text, false);
    if (id || id.error().code == ErrorCode::media_key_as_id) {
        return id;
    }
    return invalid(
        std::string(name) + " has the entry \"" + printable(text, 40) +
        "\"; expected are the ids that INIT answered."
    );
}

}  // namespace

Result<MediaId> media_id_in(const json::object& object, std::string_view member, bool takes_keys) {
    const json::value* value = object.if_contains(member);
    if (value == nullptr || value->is_null()) {
        std::string names;
        for (const auto& [key, unused] : object) {
            names += (names.empty() ? "" : ", ") + printable(key, 40);
        }
        return Error{
            .code = ErrorCode::media_id_missing,
            .facts = std::string(member) +
                     " is missing. Received: " + (names.empty() ? "nothing" : names) + ".",
        };
    }
    const auto digits = digits_of(*value);
    return digits ? media_id_of(*digits, takes_keys) : Result<MediaId>(digits.error());
}

void note_media_in(Exchange& exchange, const json::object& body) {
    for (const std::string_view member : {"media_id", "id", "media_key"}) {
        if (const auto id = media_id_in(body, member, true)) {
            exchange.media_id = *id;
            return;
        }
    }
}

Result<std::vector<MediaId>> media_ids_in(std::string_view text) {
    std::vector<MediaId> ids;
    if (text.find_first_of("[{\"") != std::string_view::npos) {
        return invalid(
            "media_ids is the text \"" + printable(text) +
            "\"; expected are ids separated by commas, as in "
            "1349803915521482754,1349803915521482755."
        );
    }
    for (std::string_view rest = trim(text); !rest.empty();) {
        const auto comma = std::min(rest.find(','), rest.size());
        const auto id = entry_of(trim(rest.substr(0, comma)), "media_ids");
        if (!id) {
            return id.error();
        }
        ids.push_back(*id);
        rest.remove_prefix(std::min(comma + 1, rest.size()));
    }
    return ids.size() <= ids_max ? Result<std::vector<MediaId>>(std::move(ids))
                                 : invalid("media_ids has more than 100 entries.");
}

Result<std::vector<MediaId>> media_ids_in(const json::value& list, std::string_view name) {
    if (!list.is_array()) {
        return invalid(
            std::string(name) + " is " + described(list) +
            "; expected is a list of strings, as in [\"1349803915521482754\"]."
        );
    }
    const json::array& entries = list.get_array();
    if (const std::string text = spread_text(entries); !text.empty()) {
        return invalid(
            std::string(name) + " has " + std::to_string(entries.size()) +
            " entries of one character, together \"" + printable(text, 40) +
            "\": a text was passed where the list belongs, and each character became an id."
        );
    }
    if (entries.size() > ids_max) {
        return invalid(std::string(name) + " has more than 100 entries.");
    }
    std::vector<MediaId> ids;
    for (const json::value& entry : entries) {
        const auto digits = digits_of(entry);
        const auto id = digits ? entry_of(*digits, name) : invalid(digits.error().facts);
        if (!id) {
            return id.error();
        }
        ids.push_back(*id);
    }
    return ids;
}

}  // namespace sluice::protocol
