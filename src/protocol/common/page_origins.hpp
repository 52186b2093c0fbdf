// Which pages of other sites may upload by the protocols that browsers are answered in (tus, RUFH), and so read
// what became of it. With keys those of all sites, or the named ones alone: a page needs a token. Where anybody is
// believed, those of this machine, of our own names, and the named ones: any other could act for the visitor. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::protocol {

// "http://localhost:3000" -> "localhost"; empty for what is no address, as "null".
std::string host_of(std::string_view origin);
// Only digits and dots: "127.0.0.1.evil.example" is a name.
bool is_address(std::string_view host);
bool is_of_this_machine(std::string_view host);

struct PageOrigins {
    bool needs_keys = false;
    std::vector<std::string> listed;  // as "https://app.example.org"
    std::vector<std::string> names;   // hosts of this server

    bool has_all() const { return needs_keys && listed.empty(); }
    bool has(std::string_view origin) const;
    bool has_name(std::string_view host) const;
};

}  // namespace sluice::protocol
