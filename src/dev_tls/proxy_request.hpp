// What a client asks of the proxy, decided from the first line of its request (RFC 9110, 9.3.6;
// RFC 9112, 3.2). Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::dev_tls {

enum class ProxyAction : std::uint8_t {
    tunnel,  // CONNECT to one of X's hosts: TLS follows
    plain,   // http:// to one of X's hosts: the request is passed on as it is
    refuse,
};

struct ProxyDecision {
    ProxyAction action = ProxyAction::refuse;
    int status = 0;         // of a refusal
    std::string text = {};  // of a refusal: a few lines for people
};

// `line` is the request line without its line end.
ProxyDecision decide_proxy_request(std::string_view line);

// The refusal as bytes; the connection ends behind it.
std::string refusal_bytes(const ProxyDecision& decision);

}  // namespace sluice::dev_tls
