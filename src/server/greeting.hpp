// What a person at a terminal is told when the server is ready: where everything is, and a line to
// try. On stderr; elsewhere the same as one line of the log.
#pragma once

#include <string>

#include "server/settings.hpp"
#include "server/system_endpoint.hpp"

namespace sluice::server {

struct Greeting {
    std::string url;
    std::string sign_in;  // the link that signs the operator in, once; empty: nobody needs to
    std::string sandbox;
    std::string data;  // the directory
    const FoundTools& tools;
};

std::string greeting_text(const Greeting& greeting);
void greet(const Greeting& greeting);

}  // namespace sluice::server
