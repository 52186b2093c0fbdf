#include "http/forwarded.hpp"

#include <string>

#include "base/address_range.hpp"
#include "base/text.hpp"
#include "http/request_line.hpp"

namespace sluice::http {
namespace {

using Trusts = std::function<bool(std::string_view)>;

// Empty: not said.
struct Client {
    std::string scheme;
    std::string host;
    std::string address;
};

std::string_view cut_off(std::string_view& list, std::size_t begin) {
    const auto last = trim(list.substr(begin));
    list = begin == 0 ? std::string_view() : list.substr(0, begin - 1);
    return last;
}

// Takes the last element of a list.
std::string_view take_last(std::string_view& list) {
    const auto comma = list.rfind(',');
    return cut_off(list, comma == std::string_view::npos ? 0 : comma + 1);
}

// The same where a separator may stand between quotes. A quote that does not end may hide where the element
// of the proxy begins: then nothing is said at all.
std::string_view take_last_quoted(std::string_view& list, char separator) {
    std::size_t begin = 0;
    bool is_quoted = false;
    for (std::size_t i = 0; i < list.size(); ++i) {
        if (is_quoted && list[i] == '\\') {
            ++i;
        } else if (list[i] == '"') {
            is_quoted = !is_quoted;
        } else if (list[i] == separator && !is_quoted) {
            begin = i + 1;
        }
    }
    if (is_quoted) {
        list = {};
        begin = 0;
    }
    return cut_off(list, begin);
}

std::string scheme_in(std::string_view text) {
    std::string scheme = lower_case(text);
    return scheme == "http" || scheme == "https" ? scheme : "";
}

std::string host_in(std::string_view text) {
    return is_host(text) ? std::string(text) : "";
}

std::string last_of(const Request& request, std::string_view name) {
    const std::string list = request.joined(name);
    std::string_view rest = list;
    return std::string(take_last(rest));
}

Client by_x_fields(const Request& request, const Trusts& trusts) {
    Client client{
        scheme_in(last_of(request, "X-Forwarded-Proto")),
        host_in(last_of(request, "X-Forwarded-Host")),
        {},
    };
    const std::string addresses = request.joined("X-Forwarded-For");
    std::string_view rest = addresses;
    while (!rest.empty() && (client.address.empty() || trusts(client.address))) {
        const auto address = take_last(rest);
        if (!is_ip_address(address)) {
            break;
        }
        client.address = address;
    }
    return client;
}

// A token, or what stands between quotes.
std::string value_in(std::string_view text) {
    if (!text.starts_with('"')) {
        return std::string(text);
    }
    std::string value;
    for (std::size_t i = 1; i < text.size() && text[i] != '"'; ++i) {
        i += text[i] == '\\' && i + 1 < text.size() ? 1 : 0;
        value += text[i];
    }
    return value;
}

// "192.0.2.43:47011", "[2001:db8::17]:4711"; "unknown" and "_hidden" are no addresses.
std::string address_in(const std::string& node) {
    std::string address =
        node.starts_with('[') ? node.substr(1, node.find(']') - 1) : node.substr(0, node.find(':'));
    return is_ip_address(address) ? address : "";
}

Client said_in(std::string_view element) {
    Client client;
    while (!element.empty()) {
        const auto pair = take_last_quoted(element, ';');
        const auto equal = pair.find('=');
        const auto name = pair.substr(0, equal);
        const auto value =
            equal == std::string_view::npos ? std::string() : value_in(pair.substr(equal + 1));
        if (equals_ignoring_case(name, "proto")) {
            client.scheme = scheme_in(value);
        } else if (equals_ignoring_case(name, "host")) {
            client.host = host_in(value);
        } else if (equals_ignoring_case(name, "for")) {
            client.address = address_in(value);
        }
    }
    return client;
}

// Of the first element that a trusted proxy has written, with what those behind it say that it does not.
Client by_forwarded(const Request& request, const Trusts& trusts) {
    const std::string elements = request.joined("Forwarded");
    std::string_view rest = elements;
    Client client;
    while (!rest.empty() && (client.address.empty() || trusts(client.address))) {
        const Client before = said_in(take_last_quoted(rest, ','));
        client.scheme = before.scheme.empty() ? client.scheme : before.scheme;
        client.host = before.host.empty() ? client.host : before.host;
        if (before.address.empty()) {
            break;
        }
        client.address = before.address;
    }
    return client;
}

std::string agreed(const std::string& one, const std::string& other) {
    if (one.empty() || other.empty()) {
        return one.empty() ? other : one;
    }
    return equals_ignoring_case(one, other) ? one : "";
}

}  // namespace

void apply_forwarded(Request& request, const Trusts& trusts) {
    const Client by_x = by_x_fields(request, trusts);
    const Client by_name = by_forwarded(request, trusts);
    const std::string scheme = agreed(by_x.scheme, by_name.scheme);
    const auto end = request.base_url.find("://");
    if (!scheme.empty() && end != std::string::npos) {
        request.base_url.replace(0, end, scheme);
    }
    const std::string host = agreed(by_x.host, by_name.host);
    if (!host.empty()) {
        request.direct_url = Rare(request.base_url);
        request.base_url.replace(request.base_url.find("://") + 3, std::string::npos, host);
    }
    if (const std::string address = agreed(by_x.address, by_name.address); !address.empty()) {
        request.peer = address;
    }
}

}  // namespace sluice::http
