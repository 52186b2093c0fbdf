// Who the client is to a server: OAuth 1.0a keys, a bearer token, or both, and which of them a call
// gets. Read from the files that people have: twurl's ~/.twurlrc, xurl's ~/.xurl (or
// ~/.xurl/auth.yml), and what `sluice keys create --json` printed. Values; never printed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/oauth1.hpp"

namespace sluice::client {

struct Credentials {
    std::string bearer;  // of a user; empty: none
    std::optional<OAuth1Keys> oauth1;

    bool empty() const { return bearer.empty() && !oauth1; }
};

// Nothing if no whole set of keys and no user's token stands in the text. Of several accounts the
// one that the file calls the default, else the first. App-only tokens are left aside: they may
// not upload.
std::optional<Credentials> parse_credentials(const std::string& text);

// The value of Authorization for a request; empty: none. v1.1 of X takes OAuth 1.0a alone, so it
// gets that if there is one; elsewhere a bearer token goes first.
std::string authorization_for(const HttpRequest& request, const Credentials& credentials);

// api.x.com and its kin over https: there the files in the home directory are meant for, and there
// Sluice's own API is not.
bool is_host_of_x(std::string_view url);

}  // namespace sluice::client
