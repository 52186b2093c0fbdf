// One history: clients, workers and the sweep on a server that dies and comes back, from the first
// call to the last byte, as its seed has it.
#pragma once

#include <cstdint>
#include <string>

#include "tally.hpp"
#include "world.hpp"

namespace sluice::simulation {

struct Outcome {
    std::string violation;  // empty: every promise was kept
    std::uint64_t trace = 0;
    std::uint64_t steps = 0;
    std::uint64_t calls = 0;  // of stores
};

Outcome run_history(const HistoryOptions& options, Tally& tally);

// A line that replays it.
std::string described(const HistoryOptions& options);

}  // namespace sluice::simulation
