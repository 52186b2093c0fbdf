#include "store/s3/location.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <optional>
#include <string_view>

#include "base/text.hpp"

namespace sluice::s3 {
namespace {

constexpr std::string_view scheme = "s3://";
constexpr const char* form =
    "s3://BUCKET?endpoint=http://HOST:PORT&region=REGION (without endpoint: AWS)";

std::unexpected<std::string> must_be(std::string text) {
    return std::unexpected(std::move(text));
}

bool consists_of(std::string_view text, std::string_view others) {
    return std::ranges::all_of(text, [others](char c) {
        const bool is_word =
            (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        return is_word || others.find(c) != std::string_view::npos;
    });
}

std::optional<std::map<std::string, std::string>> parameters_of(std::string_view query) {
    std::map<std::string, std::string> found;
    while (!query.empty()) {
        const auto end = std::min(query.find('&'), query.size());
        const auto part = query.substr(0, end);
        query.remove_prefix(std::min(end + 1, query.size()));
        const auto equals = part.find('=');
        const auto value = equals == std::string_view::npos
                               ? std::nullopt
                               : percent_decode(part.substr(equals + 1), false);
        if (!value || !found.emplace(part.substr(0, equals), *value).second) {
            return std::nullopt;
        }
    }
    return found;
}

bool is_known_name(std::string_view name) {
    static constexpr std::array<std::string_view, 5> names{
        "endpoint", "region", "style", "profile", "public"
    };
    return std::ranges::find(names, name) != names.end();
}

bool is_known(const std::pair<const std::string, std::string>& parameter) {
    return is_known_name(parameter.first);
}

std::optional<Endpoint> endpoint_of(std::string_view url) {
    Endpoint endpoint{.scheme = "", .host = "", .is_by_path = true};
    for (const std::string_view known : {"http", "https"}) {
        const std::string start = std::string(known) + "://";
        if (url.starts_with(start)) {
            endpoint.scheme = known;
            endpoint.host = url.substr(start.size());
        }
    }
    if (endpoint.host.ends_with('/')) {
        endpoint.host.pop_back();
    }
    const bool is_host = !endpoint.host.empty() && consists_of(endpoint.host, ".-:[]");
    // As curl writes the Host header, which is signed.
    const std::string usual = endpoint.scheme == "http" ? ":80" : ":443";
    if (endpoint.host.ends_with(usual)) {
        endpoint.host.resize(endpoint.host.size() - usual.size());
    }
    return is_host ? std::optional(endpoint) : std::nullopt;
}

std::string region_of(const std::map<std::string, std::string>& parameters) {
    if (const auto said = parameters.find("region"); said != parameters.end()) {
        return said->second;
    }
    for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
        if (const char* value = std::getenv(name); value != nullptr && *value != '\0') {
            return value;
        }
    }
    return "us-east-1";
}

std::expected<void, std::string> set_endpoints(
    Location& location, const std::map<std::string, std::string>& parameters
) {
    location.endpoint.host = "s3." + location.region + ".amazonaws.com";
    if (const auto said = parameters.find("endpoint"); said != parameters.end()) {
        const auto endpoint = endpoint_of(said->second);
        if (!endpoint) {
            return must_be("an S3 URL whose endpoint is http://HOST:PORT or https://HOST");
        }
        location.endpoint = *endpoint;
    }
    location.for_readers = location.endpoint;
    if (const auto said = parameters.find("public"); said != parameters.end()) {
        const auto endpoint = endpoint_of(said->second);
        if (!endpoint) {
            return must_be("an S3 URL whose public is https://HOST or http://HOST:PORT");
        }
        location.for_readers = *endpoint;
    }
    if (const auto said = parameters.find("style"); said != parameters.end()) {
        if (said->second != "path" && said->second != "virtual") {
            return must_be("an S3 URL whose style is path or virtual");
        }
        location.endpoint.is_by_path = location.for_readers.is_by_path = said->second == "path";
    }
    return {};
}

}  // namespace

std::string Endpoint::host_for(const std::string& bucket) const {
    return is_by_path ? host : bucket + "." + host;
}

std::string Endpoint::path_for(const std::string& bucket) const {
    return is_by_path ? "/" + bucket : "";
}

std::string Location::shown() const {
    return "the bucket " + bucket + " at " + endpoint.scheme + "://" + endpoint.host;
}

std::expected<Location, std::string> parse_location(const std::string& url) {
    if (!url.starts_with(scheme)) {
        return must_be(form);
    }
    const std::string_view rest = std::string_view(url).substr(scheme.size());
    const auto mark = std::min(rest.find('?'), rest.size());
    const auto place = rest.substr(0, mark);
    const auto slash = std::min(place.find('/'), place.size());
    Location location{
        .bucket = std::string(place.substr(0, slash)),
        .prefix = "",
        .region = "",
        .profile = "",
        .endpoint = {},
        .for_readers = {}
    };
    if (location.bucket.size() < 3 || location.bucket.size() > 63 ||
        !consists_of(location.bucket, ".-_")) {
        return must_be(form);
    }
    const auto prefix = place.substr(std::min(slash + 1, place.size()));
    if (!consists_of(prefix, "/.-_") || prefix.find("//") != std::string_view::npos) {
        return must_be("an S3 URL whose prefix has letters, digits and /.-_ only");
    }
    location.prefix = prefix;
    if (!prefix.empty() && !prefix.ends_with('/')) {
        location.prefix += '/';
    }
    const auto parameters = parameters_of(rest.substr(std::min(mark + 1, rest.size())));
    if (!parameters) {
        return must_be(form);
    }
    if (!std::ranges::all_of(*parameters, is_known)) {
        return must_be(
            "an S3 URL with endpoint, region, style, profile and public, and nothing else; "
            "credentials are taken from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY or from "
            "the file of the AWS tools"
        );
    }
    location.region = region_of(*parameters);
    if (location.region.empty() || !consists_of(location.region, "-")) {
        return must_be("an S3 URL whose region has letters, digits and - only");
    }
    if (const auto profile = parameters->find("profile"); profile != parameters->end()) {
        location.profile = profile->second;
    }
    if (auto set = set_endpoints(location, *parameters); !set) {
        return must_be(set.error());
    }
    return location;
}

// Up to the last @ all may be a user's part: a key may have / or ? in it.
std::string masked_url(std::string_view url) {
    std::string shown;
    if (const auto start = url.find("://"); start != std::string_view::npos) {
        shown = url.substr(0, start + 3);
        url.remove_prefix(start + 3);
    }
    for (const std::string_view at : {"@", "%40"}) {
        if (const auto end = url.rfind(at); end != std::string_view::npos) {
            shown += "...@";
            url.remove_prefix(end + at.size());
        }
    }
    const auto mark = std::min(url.find('?'), url.size());
    shown += url.substr(0, mark);
    url.remove_prefix(mark);
    while (!url.empty()) {  // begins with ? or &
        const auto part = url.substr(0, url.find_first_of("?&", 1));
        const auto name = part.substr(1, part.find('=') - 1);
        const bool has_value = name.size() + 1 < part.size();
        if (has_value && is_known_name(name)) {
            shown += part;
        } else {
            shown += part.substr(0, 1);
            shown += has_value ? std::string(name) + "=..." : "...";
        }
        url.remove_prefix(part.size());
    }
    return shown;
}

}  // namespace sluice::s3
