// Files of uploads, and nothing that would make them safe but a sync at the end if wanted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "yardstick/options.hpp"

namespace sluice::yardstick {

struct Stored {
    int file = -1;
    std::uint64_t base = 0;  // where it begins in its file
    std::uint64_t total = 0;
    std::uint64_t stride = 0;  // length of its segments but the last
    bool is_finished = false;
};

class Store {
  public:
    explicit Store(const Options& options);

    std::string create(std::uint64_t total);  // its id
    Stored* find(std::string_view id);
    // Where a segment goes. The first one that comes tells how long they are.
    std::uint64_t place(Stored& stored, std::uint64_t index, std::uint64_t length);
    // Blocks if there is to be a sync.
    void finish(Stored& stored);

    bool is_packed() const { return options_.way == Way::packed; }
    bool syncs() const { return options_.is_syncing; }
    int packed_file() const { return packed_file_; }
    // A place in the packed file, aligned.
    std::uint64_t reserve(std::uint64_t length);

  private:
    int open_file(const std::string& name) const;

    Options options_;
    std::vector<Stored> uploads_;
    int packed_file_ = -1;
    std::uint64_t packed_end_ = 0;
};

}  // namespace sluice::yardstick
