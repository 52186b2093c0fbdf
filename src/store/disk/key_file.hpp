// The file that holds the key under which secrets are sealed: beside the data, not in the database,
// so that a copy of one without the other is worth nothing. Made on first use (0600).
#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice {

// 32 bytes. Errors: storage_failed with facts, for a file that somebody else may read or that has
// another length.
Result<std::string> read_or_make_key_file(const std::string& path);

}  // namespace sluice
