// Ballast: two files that take a little room while there is some, and give it back to the database when the disk is full.
// The first is for whatever is to be written down, the last for FINALIZE, the end of jobs and what makes room (DELETE, the
// sweep), so that these go on when small writes have used up the rest. Thread-safe; blocking.
#pragma once

#include <mutex>
#include <string>

#include "base/bytes.hpp"

namespace sluice {

class Ballast {
  public:
    // Nothing is made yet. `size`: of the last one; the first has a quarter of it.
    Ballast(std::string path, ByteCount size)
        : first_(std::move(path)), last_(first_ + ".last"), size_(size) {}

    // The first one that is there, for what is vital also the last. True: its room is free now.
    bool drop(bool is_vital);
    // For the start: given up if the database could not even be opened.
    void prepare();
    // Made (durably reserved) if it is not there and there is plenty of room beside what open uploads were `promised`. Now and
    // then.
    void refill(ByteCount promised);

  private:
    void make(const std::string& path, ByteCount size, ByteCount promised) const;

    const std::string first_;
    const std::string last_;
    const ByteCount size_;
    std::mutex mutex_;
};

}  // namespace sluice
