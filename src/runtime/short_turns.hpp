// How long a thread wants to run in one go, as it asks the scheduler (Linux 6.12 and later; an older one does not mind).
// A thread that wakes is let in at once before one that asked for longer turns; before one that asked for shorter ones it
// waits for the next tick, 4 ms at 250 Hz, if that one computes all the time. So whoever has least to do asks for least.
#pragma once

#include <chrono>

namespace sluice::runtime {

// Reads for those who only ask: the shortest there is.
inline constexpr std::chrono::microseconds turn_of_reads{100};
// Loops, which compute all the time while bodies come; before checksums and SQL, which take what is usual (some ms).
inline constexpr std::chrono::microseconds turn_of_loops{400};

// For the threads of a BlockingPool, instead of a niceness: those of reads.
inline constexpr int short_turns = -1;

// Of this thread alone. Refused or not, it works.
void ask_for_turns_of(std::chrono::nanoseconds turn);

}  // namespace sluice::runtime
