// Ballast: a file that takes a little room while there is some, and gives it back to the database when
// the disk is full, so that FINALIZE and the end of jobs can still be written down. Thread-safe;
// blocking.
#pragma once

#include <mutex>
#include <string>

#include "base/bytes.hpp"

namespace sluice {

class Ballast {
  public:
    // Nothing is made yet.
    Ballast(std::string path, ByteCount size) : path_(std::move(path)), size_(size) {}

    // True: it was there, and its room is free now.
    bool drop();
    // For the start: given up if the database could not even be opened, else as refill().
    void prepare();
    // Made again (durably reserved) if it is not there and there is plenty of room. Now and then.
    void refill();

  private:
    const std::string path_;
    const ByteCount size_;
    std::mutex mutex_;
};

}  // namespace sluice
