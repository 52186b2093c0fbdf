// The walls around one process that decodes: what it may open, call and use up. Made by prepare()
// before fork, where memory may be allocated; entered in the child with system calls only.
//
//   files     the input for reading, the output folder, and for a program itself and the system's
//             libraries; nothing else can be opened, listed, made or run (Landlock). What was
//             written stays where it was written. That a path exists, and how large it is, can
//             still be asked.
//   network   no socket of any kind (seccomp)
//   processes threads only (seccomp); no capabilities, also as root; no signal to anybody
//   limits    memory, processor time, size of a file, descriptors, no core
//
// The user stays who the server is: input and outputs are files of that user, closed to others.
// As root the process keeps that number, without any of root's capabilities.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/sandbox/landlock.hpp"
#include "media/sandbox/system_call_filter.hpp"

namespace sluice {

enum class Walls : std::uint8_t {
    all,
    limits_only,  // `--sandbox=off`: for kernels that have no walls, and media that is trusted
};

// What cannot be opened is not opened: an empty name adds nothing.
struct SandboxRoom {
    std::string program;        // absolute; empty: the child goes on as it is and runs nothing
    std::string input;          // the one file to read
    std::string output_folder;  // the one place to write, and to read again
};

struct SandboxLimits {
    ByteCount memory_max;
    ByteCount file_bytes_max;  // of each file written
    std::chrono::seconds cpu_max{0};
};

class Sandbox {
  public:
    // Errors: internal, if this kernel lacks a wall that was asked for, or a path is not there.
    static Result<Sandbox> prepare(
        const SandboxRoom& room, const SandboxLimits& limits, Walls walls
    );

    // In the child; closes every descriptor above the one kept. False: the child must end at once.
    bool enter(int descriptor_kept);

  private:
    explicit Sandbox(const SandboxLimits& limits) : limits_(limits) {}

    SandboxLimits limits_;
    std::optional<FileRules> files_;
    std::optional<SystemCallFilter> calls_;
};

// Leaves the network for this process and its children: an empty network namespace, where the
// kernel lets this user make one. One more wall beside the filter. Precondition: one thread.
bool leave_network();

}  // namespace sluice
