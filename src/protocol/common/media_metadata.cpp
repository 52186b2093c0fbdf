#include "protocol/common/media_metadata.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <vector>

#include "base/text.hpp"
#include "protocol/common/receive_json.hpp"

namespace sluice::protocol {
namespace {

namespace json = boost::json;

enum class Holds : std::uint8_t { text, truth, number, texts, list, key, anything };

struct Rule {
    std::string_view member;
    std::string_view inside;  // empty: any object
    Holds holds = Holds::anything;
    std::size_t count_max = 0;  // characters, or entries; 0: not limited
    bool is_required = true;
};

constexpr std::array rules{
    Rule{"alt_text", "text", Holds::text, alt_text_max},
    Rule{"allow_download_status", "allow_download", Holds::truth},
    Rule{"audience_policy", ""},
    Rule{"content_expiration", "timestamp_sec", Holds::number},
    Rule{"domain_restrictions", "whitelist", Holds::texts},
    Rule{"found_media_origin", "id", Holds::text, 24},
    Rule{"found_media_origin", "provider", Holds::text, 8},
    Rule{"geo_restrictions", ""},
    Rule{"management_info", "managed", Holds::truth},
    Rule{"preview_image", "media_key", Holds::key},
    Rule{"sensitive_media_warning", "adult_content", Holds::truth, 0, false},
    Rule{"sensitive_media_warning", "graphic_violence", Holds::truth, 0, false},
    Rule{"sensitive_media_warning", "other", Holds::truth, 0, false},
    Rule{"shared_info", "shared", Holds::truth},
    Rule{"sticker_info", "stickers", Holds::list, 25},
    Rule{"upload_source", "upload_source", Holds::text},
};

std::string_view name_of(Holds holds) {
    constexpr std::array<std::string_view, 7> names{
        "a string",
        "true or false",
        "a number",
        "a list of strings",
        "a list",
        "a media_key",
        "a value"
    };
    return names[static_cast<std::size_t>(holds)];
}

bool fits(const json::value& value, Holds holds) {
    switch (holds) {
        case Holds::text:
            return value.is_string();
        case Holds::truth:
            return value.is_bool();
        case Holds::number:
            return value.is_number();
        case Holds::texts:
            return value.is_array() &&
                   std::ranges::all_of(value.get_array(), [](const json::value& entry) {
                       return entry.is_string();
                   });
        case Holds::list:
            return value.is_array();
        case Holds::key:
            return value.is_string() || value.is_object();
        case Holds::anything:
            return true;
    }
    return false;
}

Error invalid(std::string facts) {
    return {.code = ErrorCode::parameter_invalid, .facts = std::move(facts)};
}

std::string path_of(const Rule& rule) {
    return std::string(rule.member) + "." + std::string(rule.inside);
}

std::size_t count_of(const json::value& value) {
    return value.is_array() ? value.get_array().size() : code_points(value.get_string());
}

Result<void> check_inside(const Rule& rule, const json::object& object) {
    const json::value* value = object.if_contains(rule.inside);
    if (value == nullptr) {
        return rule.is_required ? invalid(path_of(rule) + " is missing.") : ok();
    }
    if (!fits(*value, rule.holds)) {
        return invalid(
            path_of(rule) + " is " + described(*value) + "; expected is " +
            std::string(name_of(rule.holds)) + "."
        );
    }
    if (rule.count_max == 0 || count_of(*value) <= rule.count_max) {
        return ok();
    }
    const bool is_text = value->is_string();
    return Error{
        .code =
            rule.member == "alt_text" ? ErrorCode::alt_text_too_long : ErrorCode::parameter_invalid,
        .facts = path_of(rule) + " has " + std::to_string(count_of(*value)) +
                 (is_text ? " characters, " : " entries, ") + std::to_string(rule.count_max) +
                 " are allowed.",
    };
}

Result<void> check_member(std::string_view name, const json::value& value) {
    for (const Rule& rule : rules) {
        if (rule.member != name) {
            continue;
        }
        if (!value.is_object()) {
            return invalid(
                std::string(name) + " is " + described(value) + "; expected is an object" +
                (rule.inside.empty() ? "."
                                     : " {\"" + std::string(rule.inside) +
                                           "\": " + std::string(name_of(rule.holds)) + "}.")
            );
        }
        if (rule.inside.empty()) {
            continue;
        }
        if (auto checked = check_inside(rule, value.get_object()); !checked) {
            return checked;
        }
    }
    return ok();
}

bool is_known(std::string_view name) {
    return std::ranges::find(rules, name, &Rule::member) != rules.end();
}

Error unknown_member(std::string_view name) {
    std::vector<std::string_view> names;
    std::string listed;
    for (const Rule& rule : rules) {
        if (names.empty() || names.back() != rule.member) {
            names.push_back(rule.member);
            listed += (listed.empty() ? "" : ", ") + std::string(rule.member);
        }
    }
    const auto nearest = nearest_word(name, names);
    return invalid(
        "metadata has a member \"" + printable(name, 40) + "\"" +
        (nearest ? ". Did you mean " + std::string(*nearest) + "?" : "; known are " + listed + ".")
    );
}

}  // namespace

std::size_t code_points(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(utf8, [](char c) {
        return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
}

Result<MediaMetadata> metadata_of(const json::object& object, UnknownMembers unknown) {
    MediaMetadata metadata;
    for (const auto& [key, value] : object) {
        const std::string_view name = key;
        const bool knows = is_known(name);
        if (!knows && unknown == UnknownMembers::refused) {
            return unknown_member(name);
        }
        if (!knows || value.is_null()) {
            continue;  // null is a client's empty field
        }
        if (auto checked = check_member(name, value); !checked) {
            return std::move(checked).error();
        }
        if (name == "shared_info") {
            metadata.is_shared = value.at("shared").get_bool();
        }
        metadata.members[std::string(name)] = json::serialize(value);
    }
    return metadata;
}

}  // namespace sluice::protocol
