// Where the credentials of a command come from: flags, then the environment, then, for X's own
// hosts alone, the files that twurl and xurl keep in the home directory (they are never sent
// anywhere else unasked). Secrets are never on the command line, and never printed.
#pragma once

#include <string>

#include "cli/arguments.hpp"
#include "cli/cli.hpp"
#include "client/credentials.hpp"
#include "client/outcome.hpp"

namespace sluice::cli {

// --credentials FILE; --token-file FILE; SLUICE_CREDENTIALS (a file); SLUICE_CONSUMER_KEY,
// SLUICE_CONSUMER_SECRET, SLUICE_ACCESS_TOKEN, SLUICE_ACCESS_TOKEN_SECRET; SLUICE_TOKEN;
// SLUICE_TOKEN_FILE; ~/.twurlrc and ~/.xurl. May be empty. Refuses (kind local) a file that holds
// none.
client::Outcome<client::Credentials> find_credentials(
    const Arguments& arguments, const Console& console, const std::string& server
);

}  // namespace sluice::cli
