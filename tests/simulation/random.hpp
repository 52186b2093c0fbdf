// Random: the one source of chance of a history. The same seed gives the same draws on every machine
// and in every build, which the distributions of the standard library do not promise.
#pragma once

#include <cstdint>
#include <vector>

namespace sluice::simulation {

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed) {}

    // SplitMix64.
    std::uint64_t next() {
        state_ += 0x9e3779b97f4a7c15ULL;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
        return z ^ (z >> 31);
    }

    // 0 to count - 1.
    std::uint64_t below(std::uint64_t count) { return count == 0 ? 0 : next() % count; }
    std::uint64_t between(std::uint64_t least, std::uint64_t most) {
        return least + below(most - least + 1);
    }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    bool percent(std::uint64_t share) { return below(100) < share; }
    bool per_mille(std::uint64_t share) { return below(1000) < share; }

    template <class T>
    T& pick(std::vector<T>& from) {
        return from[below(from.size())];
    }

  private:
    std::uint64_t state_;
};

// What a history has been so far, in one number: the same seed must give the same one.
class Trace {
  public:
    void add(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001b3ULL; }
    std::uint64_t hash() const { return hash_; }

  private:
    std::uint64_t hash_ = 0xcbf29ce484222325ULL;
};

}  // namespace sluice::simulation
