#include "protocol/oauth/oauth1_fields.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::oauth {
namespace {

constexpr std::size_t header_fields_max = 50;
constexpr std::array<std::string_view, 5> required{
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
};
constexpr std::array<std::string_view, 7> known{
    "oauth_consumer_key",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_nonce",
    "oauth_signature",
    "oauth_token",
    "oauth_version",
};

Error malformed(std::string facts) {
    return {.code = ErrorCode::auth_malformed, .facts = std::move(facts)};
}

std::string_view name_of(Place place) {
    return place == Place::header  ? "the Authorization header"
           : place == Place::query ? "the query"
                                   : "the body";
}

// name="value" or name=value, percent-encoded.
Result<Parameter> parse_field(std::string_view field) {
    const auto equal = field.find('=');
    if (equal == std::string_view::npos || equal == 0) {
        return malformed(
            "The OAuth header has \"" + printable(field, 24) +
            "\" where name=\"value\" is expected; fields are separated by commas."
        );
    }
    std::string_view value = trim(field.substr(equal + 1));
    const bool opens = value.starts_with('"');
    const bool closes = value.size() > 1 && value.ends_with('"');
    const std::string name = printable(trim(field.substr(0, equal)), 40);
    if (opens != closes) {
        return malformed("The value of " + name + " in the OAuth header is not closed by a quote.");
    }
    value = opens ? value.substr(1, value.size() - 2) : value;
    auto decoded = percent_decode(value, false);
    if (!decoded) {
        return malformed(
            "The value of " + name +
            " in the OAuth header has a '%' that two hexadecimal digits do not follow."
        );
    }
    return Parameter{std::string(trim(field.substr(0, equal))), *std::move(decoded)};
}

Result<void> check_once(const Parameters& parameters, Place place) {
    for (const std::string_view name : known) {
        const auto count = std::ranges::count(parameters, name, &Parameter::name);
        if (count > 1) {
            return malformed(
                std::string(name) + " stands " + std::to_string(count) + " times in " +
                std::string(name_of(place)) + "; it must stand there once."
            );
        }
    }
    for (const std::string_view name : required) {
        if (value_of(parameters, name).empty()) {
            return malformed(
                std::string(name) + " is missing in " + std::string(name_of(place)) +
                "; needed are oauth_consumer_key, oauth_token, oauth_signature_method, "
                "oauth_timestamp, oauth_nonce and oauth_signature."
            );
        }
    }
    return ok();
}

Result<HashKind> hash_of(std::string_view method) {
    if (method == "HMAC-SHA1") {
        return HashKind::sha1;
    }
    if (method == "HMAC-SHA256") {
        return HashKind::sha256;
    }
    return malformed(
        "oauth_signature_method is \"" + printable(method, 24) +
        "\"; accepted are HMAC-SHA1 and HMAC-SHA256."
    );
}

}  // namespace

std::string value_of(const Parameters& parameters, std::string_view name) {
    const auto found = std::ranges::find(parameters, name, &Parameter::name);
    return found == parameters.end() ? std::string() : found->value;
}

Result<Parameters> parse_oauth_header(std::string_view text) {
    Parameters parameters;
    while (!trim(text).empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const std::string_view field = trim(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
        if (field.empty()) {
            continue;
        }
        auto parameter = parse_field(field);
        if (!parameter) {
            return std::move(parameter).error();
        }
        parameters.push_back(*std::move(parameter));
        if (parameters.size() > header_fields_max) {
            return malformed("The OAuth header has more than 50 fields.");
        }
    }
    return parameters;
}

Parameters parse_urlencoded(std::string_view text) {
    Parameters parameters;
    const auto decoded = [](std::string_view part) {
        return percent_decode(part, true).value_or(std::string(part));
    };
    while (!text.empty()) {
        const auto end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (pair.empty()) {
            continue;
        }
        const auto equal = std::min(pair.find('='), pair.size());
        parameters.push_back(
            {decoded(pair.substr(0, equal)), decoded(pair.substr(std::min(equal + 1, pair.size())))}
        );
    }
    return parameters;
}

bool may_have_oauth_fields(std::string_view urlencoded) {
    return urlencoded.contains("oauth") || urlencoded.contains('%');
}

bool has_oauth_fields(const Parameters& parameters) {
    return std::ranges::any_of(parameters, [](const Parameter& parameter) {
        return std::ranges::find(known, parameter.name) != known.end();
    });
}

Result<OAuth1Fields> oauth1_fields_of(const Parameters& parameters, Place place) {
    if (auto checked = check_once(parameters, place); !checked) {
        return std::move(checked).error();
    }
    const auto hash = hash_of(value_of(parameters, "oauth_signature_method"));
    if (!hash) {
        return hash.error();
    }
    const std::string version = value_of(parameters, "oauth_version");
    if (!version.empty() && version != "1.0") {
        return malformed("oauth_version is \"" + printable(version, 16) + "\"; it must be 1.0.");
    }
    const std::string timestamp = value_of(parameters, "oauth_timestamp");
    const auto seconds = parse_unsigned(timestamp);
    if (!seconds || timestamp.size() > 18) {
        return malformed(
            "oauth_timestamp is \"" + printable(timestamp, 24) +
            "\"; it must be whole seconds since 1970."
        );
    }
    OAuth1Fields fields{
        .consumer_key = value_of(parameters, "oauth_consumer_key"),
        .token = value_of(parameters, "oauth_token"),
        .nonce = value_of(parameters, "oauth_nonce"),
        .timestamp = static_cast<std::int64_t>(*seconds),
        .signature = value_of(parameters, "oauth_signature"),
        .hash = *hash,
        .place = place,
    };
    if (place == Place::header) {
        std::ranges::copy_if(parameters, std::back_inserter(fields.of_header), [](const auto& p) {
            return p.name != "realm" && p.name != "oauth_signature";
        });
    }
    return fields;
}

}  // namespace sluice::oauth
