// A process of our own behind the walls of a Sandbox: started, watched, seen to its end. Its
// descriptors are 0 and 1 (/dev/null), 2 (complaints, for the log only) and 3 (what it reports);
// its session and group are its own, and it dies with us. Precondition of all: the calling process
// has one thread. Blocking; one child at a time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "media/sandbox/sandbox.hpp"

namespace sluice {

inline constexpr int child_report_descriptor = 3;
// Its exit code if it never began: a wall that was not there, a program that is none.
inline constexpr int child_exit_not_started = 127;

enum class ChildFate : std::uint8_t {
    exited,
    signalled,  // not by us
    timed_out,
    stalled,
    overfull,   // more in the output folder than allowed
    crowded,    // more threads than any work takes
    babbled,    // its report is none
    abandoned,  // our own stdin was closed: the supervisor is gone
};

struct ChildEnd {
    ChildFate fate = ChildFate::exited;
    int number = 0;         // exit code or signal
    std::string complaint;  // the end of its stderr, for the log only
};

enum class Heard : std::uint8_t {
    nothing,  // it lives, but gets no further
    progress,
    nonsense,  // it is killed
};

struct ChildWatch {
    std::chrono::milliseconds wall_max{0};
    std::chrono::milliseconds stall_max{0};              // without progress
    std::string output_folder;                           // empty: none to look after
    ByteCount output_bytes_max;                          // of all that lies in it
    std::function<Heard(std::string_view)> on_report;    // bytes as they come
    std::function<void()> on_tick;                       // about four times a second
    std::function<void(std::string_view)> on_complaint;  // bytes of its stderr as they come
};

// Runs `body` behind the walls until it is gone; what `body` returns is its exit code. After a
// fork of this process: no thread of it, no lock held by another. Errors: internal, if nothing
// could be started.
Result<ChildEnd> run_behind_walls(
    Sandbox sandbox, const std::function<int()>& body, const ChildWatch& watch
);

}  // namespace sluice
