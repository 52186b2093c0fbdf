#include "protocol/oauth/signature.hpp"

#include <algorithm>

#include "base/base64.hpp"
#include "base/text.hpp"

namespace sluice::oauth {
namespace {

std::string_view default_port(std::string_view scheme) {
    return scheme == "https" ? ":443" : ":80";
}

// Where the port begins; the end if there is none. Colons of an IPv6 address stand in brackets.
std::size_t port_at(std::string_view authority) {
    const auto bracket = authority.rfind(']');
    const auto colon = authority.rfind(':');
    const bool is_port =
        colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
    return is_port ? colon : authority.size();
}

// The parameters are encoded already.
std::string joined(std::string_view method, std::string_view url, std::string_view parameters) {
    const std::string encoded_url = percent_encode(url);
    std::string text;
    text.reserve(method.size() + encoded_url.size() + parameters.size() + 2);
    text += method;
    text += '&';
    text += encoded_url;
    text += '&';
    return text += parameters;
}

void append_once(std::vector<std::string>& urls, std::string url) {
    if (std::ranges::find(urls, url) == urls.end()) {
        urls.push_back(std::move(url));
    }
}

}  // namespace

Parameters signed_parameters(const SignedRequest& request, const OAuth1Fields& fields) {
    Parameters all = fields.of_header;
    for (const Parameters* more : {&request.query, &request.body}) {
        std::ranges::copy_if(*more, std::back_inserter(all), [](const Parameter& parameter) {
            return parameter.name != "oauth_signature";
        });
    }
    return all;
}

std::string normalized(const Parameters& parameters) {
    Parameters encoded;
    for (const Parameter& parameter : parameters) {
        encoded.push_back({percent_encode(parameter.name), percent_encode(parameter.value)});
    }
    std::ranges::sort(encoded);
    std::string text;
    for (const Parameter& parameter : encoded) {
        text += text.empty() ? "" : "&";
        text += parameter.name;
        text += '=';
        text += parameter.value;
    }
    return text;
}

std::string base_string(
    std::string_view method, std::string_view url, std::string_view parameters
) {
    return joined(method, url, percent_encode(parameters));
}

std::vector<std::string> base_urls(
    std::string_view authority, std::string_view path, std::string_view first
) {
    const std::string host = lower_case(authority);
    const std::string name = host.substr(0, port_at(host));
    std::vector<std::string> urls;
    const std::string_view second = first == "https" ? "http" : "https";
    for (const std::string_view scheme : {first, second}) {
        const bool is_default = host.substr(name.size()) == default_port(scheme);
        const std::string begin = std::string(scheme) + "://";
        append_once(urls, begin + (is_default ? name : host) + std::string(path));
        append_once(urls, begin + name + std::string(path));
    }
    return urls;
}

std::string signing_key(const Secrets& secrets) {
    return percent_encode(secrets.consumer) + "&" + percent_encode(secrets.token);
}

std::optional<std::string> decoded_signature(std::string_view base64) {
    Base64Decoder decoder;
    std::vector<std::byte> bytes;
    if (!decoder.feed(std::as_bytes(std::span(base64)), bytes) || !decoder.finish()) {
        return std::nullopt;
    }
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

bool is_signed(const SignedRequest& request, const OAuth1Fields& fields, const Secrets& secrets) {
    const std::string sent = decoded_signature(fields.signature).value_or("");
    const std::string key = signing_key(secrets);
    const std::string parameters = percent_encode(normalized(signed_parameters(request, fields)));
    const auto urls = base_urls(request.authority, request.path, request.scheme);
    return std::ranges::any_of(urls, [&](const std::string& url) {
        const std::string base = joined(request.method, url, parameters);
        return equal_in_constant_time(hmac(fields.hash, key, base), sent);
    });
}

std::string expected_base_string(const SignedRequest& request, const OAuth1Fields& fields) {
    return base_string(
        request.method,
        base_urls(request.authority, request.path, request.scheme).front(),
        normalized(signed_parameters(request, fields))
    );
}

}  // namespace sluice::oauth
