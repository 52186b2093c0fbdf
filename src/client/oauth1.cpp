#include "client/oauth1.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice::client {
namespace {

// Encoded already: they are sorted by their encoded form.
using Parameters = std::vector<std::pair<std::string, std::string>>;

Parameters oauth_parameters(
    const OAuth1Keys& keys, const std::string& nonce, std::int64_t timestamp
) {
    return {
        {"oauth_consumer_key", percent_encode(keys.consumer_key)},
        {"oauth_nonce", percent_encode(nonce)},
        {"oauth_signature_method", "HMAC-SHA1"},
        {"oauth_timestamp", std::to_string(timestamp)},
        {"oauth_token", percent_encode(keys.token)},
        {"oauth_version", "1.0"}
    };
}

std::string reencoded(std::string_view text) {
    return percent_encode(percent_decode(text, true).value_or(std::string(text)));
}

// Those of a query or a urlencoded body.
void add_parameters(std::string_view text, Parameters& parameters) {
    while (!text.empty()) {
        const auto pair = text.substr(0, text.find('&'));
        text.remove_prefix(std::min(pair.size() + 1, text.size()));
        const auto equals = std::min(pair.find('='), pair.size());
        if (!pair.empty()) {
            parameters.emplace_back(
                reencoded(pair.substr(0, equals)),
                reencoded(pair.substr(std::min(equals + 1, pair.size())))
            );
        }
    }
}

bool has_form(const HttpRequest& request) {
    return std::ranges::any_of(request.headers, [](const auto& header) {
        return equals_ignoring_case(header.first, "Content-Type") &&
               header.second.starts_with("application/x-www-form-urlencoded");
    });
}

// Scheme and host in lower case, without query and without the port that the scheme implies.
std::string base_address(std::string_view url) {
    url = url.substr(0, url.find('?'));
    const auto scheme_end = std::min(url.find("://"), url.size());
    const auto path = std::min(url.find('/', scheme_end + 3), url.size());
    auto address = lower_case(url.substr(0, path));
    for (const std::string_view port : {":443", ":80"}) {
        const bool is_default = address.starts_with("https://") == (port == ":443");
        if (is_default && address.ends_with(port)) {
            address.resize(address.size() - port.size());
        }
    }
    return address + std::string(url.substr(path));
}

std::string signature_of(const std::string& base, const OAuth1Keys& keys) {
    const auto key = percent_encode(keys.consumer_secret) + "&" + percent_encode(keys.token_secret);
    return base64_of(hmac(HashKind::sha1, key, base));
}

}  // namespace

std::string oauth1_base_string(
    const HttpRequest& request,
    const OAuth1Keys& keys,
    const std::string& nonce,
    std::int64_t timestamp
) {
    auto parameters = oauth_parameters(keys, nonce, timestamp);
    const auto query = request.url.find('?');
    if (query != std::string::npos) {
        add_parameters(std::string_view(request.url).substr(query + 1), parameters);
    }
    if (has_form(request)) {
        add_parameters(request.body, parameters);
    }
    std::ranges::sort(parameters);
    std::string joined;
    for (const auto& [name, value] : parameters) {
        joined += joined.empty() ? "" : "&";
        joined += name;
        joined += "=";
        joined += value;
    }
    return request.method + "&" + percent_encode(base_address(request.url)) + "&" +
           percent_encode(joined);
}

std::string oauth1_header(
    const HttpRequest& request,
    const OAuth1Keys& keys,
    const std::string& nonce,
    std::int64_t timestamp
) {
    const auto base = oauth1_base_string(request, keys, nonce, timestamp);
    auto parameters = oauth_parameters(keys, nonce, timestamp);
    parameters.emplace_back("oauth_signature", percent_encode(signature_of(base, keys)));
    std::string header = "OAuth ";
    for (const auto& [name, value] : parameters) {
        header += header.ends_with(' ') ? "" : ", ";
        header += name;
        header += "=\"";
        header += value;
        header += "\"";
    }
    return header;
}

}  // namespace sluice::client
