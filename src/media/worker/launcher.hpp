// Starts one program as a child with no more rights than it needs, watches it and sees it end: the
// single place where the worker creates processes. Argument vector, empty environment, own session,
// resource limits, no new privileges; it dies with the worker. The system call filter and the file
// system rules will stand in launcher.cpp too. One child at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/ffmpeg_command.hpp"

namespace sluice {

struct ChildCommand {
    std::string program;  // absolute path
    Arguments arguments;  // [0] is the name
    ByteCount file_bytes_max;
    std::chrono::milliseconds wall_max{0};
    std::chrono::milliseconds stall_max{std::chrono::seconds{30}};  // without a new position
    unsigned cores = 1;
};

enum class ChildFate : std::uint8_t {
    exited,
    signalled,  // not by us
    timed_out,
    stalled,
    abandoned,  // our own stdin was closed: the supervisor is gone
};

struct ChildEnd {
    ChildFate fate = ChildFate::exited;
    int number = 0;         // exit code or signal
    std::string complaint;  // the end of its stderr, for the log only
};

using OnPosition = std::function<void(std::chrono::milliseconds)>;

// Blocks until the child is gone. Calls `on_position` at least twice a second while it works, with
// ffmpeg's last position. Errors: internal, if nothing could be started.
Result<ChildEnd> run_child(const ChildCommand& command, const OnPosition& on_position);

}  // namespace sluice
