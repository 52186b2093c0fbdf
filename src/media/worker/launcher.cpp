#include "media/worker/launcher.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "media/decoder_messages.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

// Enough for 4K 10 bit HEVC with three renditions.
constexpr ByteCount memory_max = 1_GiB;
constexpr std::uint64_t outputs_per_file = 4;

std::vector<char*> pointers_to(const Arguments& arguments) {
    std::vector<char*> pointers;
    for (const auto& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));  // execve does not write to them
    }
    pointers.push_back(nullptr);
    return pointers;
}

SandboxLimits limits_of(const ChildCommand& command) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(command.wall_max) + 1s;
    return {
        .memory_max = memory_max,
        .file_bytes_max = command.file_bytes_max,
        .cpu_max = seconds * std::max(command.cores, 1U),
    };
}

// ffmpeg's position, followed in what it writes to its progress pipe.
class Position {
  public:
    Heard feed(std::string_view bytes) {
        reader_.feed(bytes);
        const auto now = reader_.out_time().value_or(0ms);
        const bool has_moved = now != position_;
        position_ = now;
        return has_moved ? Heard::progress : Heard::nothing;
    }
    std::chrono::milliseconds get() const { return position_; }

  private:
    ProgressReader reader_;
    std::chrono::milliseconds position_{0};
};

}  // namespace

Result<ProgramEnd> run_child(const ChildCommand& command, const OnPosition& on_position) {
    auto sandbox = Sandbox::prepare(
        {command.program, command.input, command.output_folder}, limits_of(command), command.walls
    );
    if (!sandbox) {
        return std::move(sandbox).error();
    }
    static char path[] = "PATH=/usr/bin:/bin";
    static char language[] = "LC_ALL=C.UTF-8";
    static char arenas[] = "MALLOC_ARENA_MAX=2";
    const std::array<char*, 4> environment{path, language, arenas, nullptr};
    const auto arguments = pointers_to(command.arguments);
    const auto become_program = [&] {
        ::execve(command.program.c_str(), arguments.data(), environment.data());
        return child_exit_not_started;
    };
    Position position;
    DecoderMessages messages(command.counted_codec);
    const ChildWatch watch{
        .wall_max = command.wall_max,
        .stall_max = command.stall_max,
        .output_folder = command.output_folder,
        .output_bytes_max = {outputs_per_file * command.file_bytes_max.value},
        .on_report = [&](std::string_view bytes) { return position.feed(bytes); },
        .on_tick = [&] { on_position(position.get()); },
        .on_complaint = [&](std::string_view bytes) { messages.feed(bytes); },
    };
    auto end = run_behind_walls(*std::move(sandbox), become_program, watch);
    if (!end) {
        return std::move(end).error();
    }
    return ProgramEnd{*std::move(end), messages.count()};
}

}  // namespace sluice
