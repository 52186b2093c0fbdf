#include "dev_tls/proxy_request.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "dev_tls/hosts.hpp"

namespace sluice::dev_tls {
namespace {

bool is_x_host(std::string_view name) {
    const auto is_name = [name](std::string_view host) { return equals_ignoring_case(name, host); };
    return std::ranges::any_of(x_hosts, is_name);
}

// The host of "host:port", if the port is `wanted` or (`may_lack` one) missing.
std::string_view host_of(std::string_view authority, std::string_view wanted, bool may_lack) {
    const auto colon = authority.rfind(':');
    if (colon == std::string_view::npos) {
        return may_lack ? authority : std::string_view();
    }
    return authority.substr(colon + 1) == wanted ? authority.substr(0, colon) : std::string_view();
}

ProxyDecision refused_host(std::string_view authority) {
    std::string text = "This is the development proxy of a local Sluice. It passes for";
    for (const auto host : x_hosts) {
        text += " " + std::string(host);
    }
    text += " (port 443 for CONNECT, 80 for http://) and leads nowhere else; asked for: " +
            printable(authority, 128) +
            "\nFor another host, leave HTTPS_PROXY unset or name the host in NO_PROXY.\n";
    return {.action = ProxyAction::refuse, .status = 403, .text = std::move(text)};
}

ProxyDecision not_for_a_proxy() {
    return {
        .action = ProxyAction::refuse,
        .status = 400,
        .text =
            "This port is the development proxy of a local Sluice, not its API. Set "
            "HTTPS_PROXY to it, as `sluice env` does.\n",
    };
}

}  // namespace

ProxyDecision decide_proxy_request(std::string_view line) {
    static constexpr std::string_view scheme = "http://";
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last ||
        !line.substr(last + 1).starts_with("HTTP/1.")) {
        return not_for_a_proxy();
    }
    auto target = line.substr(first + 1, last - first - 1);
    if (line.substr(0, first) == "CONNECT") {
        return is_x_host(host_of(target, "443", false)) ? ProxyDecision{ProxyAction::tunnel}
                                                        : refused_host(target);
    }
    if (target.size() < scheme.size() || lower_case(target.substr(0, scheme.size())) != scheme) {
        return not_for_a_proxy();
    }
    target.remove_prefix(scheme.size());
    const auto authority = target.substr(0, target.find_first_of("/?"));
    return is_x_host(host_of(authority, "80", true)) ? ProxyDecision{ProxyAction::plain}
                                                     : refused_host(authority);
}

std::string refusal_bytes(const ProxyDecision& decision) {
    const char* reason = decision.status == 403 ? "Forbidden" : "Bad Request";
    return "HTTP/1.1 " + std::to_string(decision.status) + " " + reason +
           "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: " +
           std::to_string(decision.text.size()) + "\r\nConnection: close\r\n\r\n" + decision.text;
}

}  // namespace sluice::dev_tls
