// Starts one program as a child behind the walls of media/sandbox, watches it and sees it end: the
// single place where the worker runs programs. Argument vector, empty environment, own session,
// resource limits; it dies with the worker. One child at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "media/ffmpeg_command.hpp"
#include "media/sandbox/child.hpp"

namespace sluice {

struct ChildCommand {
    std::string program;        // absolute path
    Arguments arguments;        // [0] is the name
    std::string input;          // the one file to read, beside the output folder
    std::string output_folder;  // the one place to write
    ByteCount file_bytes_max;   // of each file; four times as much of all together
    std::chrono::milliseconds wall_max{0};
    std::chrono::milliseconds stall_max{std::chrono::seconds{30}};  // without a new position
    unsigned cores = 1;
    Walls walls = Walls::all;
    std::string counted_codec;  // whose decoder's messages are counted
};

struct ProgramEnd : ChildEnd {
    std::uint64_t decoder_messages = 0;
};

using OnPosition = std::function<void(std::chrono::milliseconds)>;

// Blocks until the child is gone. Calls `on_position` at least twice a second while it works, with
// ffmpeg's last position. Errors: internal, if nothing could be started.
Result<ProgramEnd> run_child(const ChildCommand& command, const OnPosition& on_position);

}  // namespace sluice
