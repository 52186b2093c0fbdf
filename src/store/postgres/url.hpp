// The URL of a database: whether it can be one, and how it is shown. It may hold a password.
#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice::postgres {

// Begins as a URL of PostgreSQL does.
bool is_url(const std::string& text);
// parameter_invalid, without the URL in its facts. One in which a character of the password may be
// taken for the end of it (@ / ? : that are not percent-encoded) is refused: what follows would be
// shown as a host's name.
Result<void> check_url(const std::string& url);
// Where it leads and as whom, nothing else.
std::string shown_url(const std::string& url);

// Its text of options; libpq takes one such text, and the last: ours are joined with it.
std::string options_in(const std::string& url);

}  // namespace sluice::postgres
