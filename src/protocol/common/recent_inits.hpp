// How the last INIT of each caller ended, for the APPEND that comes with "undefined" as its id: most
// often INIT had failed and nobody looked. In memory only, and bounded: it helps, it proves nothing.
// Thread-safe; never suspends.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <unordered_map>

#include "core/principal.hpp"

namespace sluice::protocol {

class RecentInits {
  public:
    // `outcome`: the end of the sentence "Your last INIT …".
    void note(const Principal& caller, std::string outcome);
    // A whole sentence.
    std::string sentence_about(const Principal& caller) const;

  private:
    static constexpr std::size_t callers_max = 10'000;

    mutable std::mutex mutex_;
    std::unordered_map<std::string, std::string> outcomes_;
    std::deque<std::string> oldest_first_;
};

}  // namespace sluice::protocol
