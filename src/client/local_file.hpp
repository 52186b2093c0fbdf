// The file to be uploaded: open, with the size and time it had when it was opened. A resource; read
// only by pread, so that several threads may share it.
#pragma once

#include <cstdint>
#include <string>

#include "base/unique_fd.hpp"
#include "client/outcome.hpp"

namespace sluice::client {

class LocalFile {
  public:
    // Refuses (kind local): what is not there, not readable, not a regular file, or empty.
    static Outcome<LocalFile> open(const std::string& path);

    const std::string& path() const { return path_; }
    int fd() const { return fd_.get(); }
    std::uint64_t size() const { return size_; }
    std::int64_t modified_ns() const { return modified_ns_; }
    // Whether size or time are no longer those of the opening.
    bool has_changed() const;

  private:
    std::string path_;
    UniqueFd fd_;
    std::uint64_t size_ = 0;
    std::int64_t modified_ns_ = 0;
};

}  // namespace sluice::client
