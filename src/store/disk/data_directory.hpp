// DirectoryLock: this process alone uses the data directory, for as long as the object lives (the
// kernel lets go at a crash too). Taken once by main before any store opens; any thread may destroy
// it.
#pragma once

#include <string>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace sluice {

// Makes the directory (0700) if it is not there.
Result<void> make_data_directory(const std::string& directory);

class DirectoryLock {
  public:
    // Makes the directory (0700) if it is not there. storage_failed with facts that name the holder
    // if another process has it.
    static Result<DirectoryLock> take(const std::string& directory, WallTime now);

  private:
    explicit DirectoryLock(UniqueFd file) : file_(std::move(file)) {}

    UniqueFd file_;
};

}  // namespace sluice
