// The few files that development needs beside the data: read whole, written whole. Blocking.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace sluice::dev_tls {

// Makes the folder (0700) if it is not there, and takes the rights of others away if they have any.
Result<void> make_private_folder(const std::string& folder);

// Replaces `folder`/`name`, or leaves it as it was: a new file, synced, takes its name.
Result<void> write_file(
    const std::string& folder, const std::string& name, const std::string& content, mode_t mode
);

// Empty if it cannot be read.
std::string read_file(const std::string& path);

}  // namespace sluice::dev_tls
