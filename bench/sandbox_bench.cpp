// What the walls around a decoder cost: milliseconds per process with them and without, for a task
// that goes on after fork and for a program. Usage: sandbox_bench [COUNT] [PROGRAM [ARGUMENT…]]
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/sandbox/child.hpp"

namespace {

using namespace sluice;
using namespace sluice::literals;
using namespace std::chrono_literals;

constexpr std::size_t count_default = 500;

// Median of one run each: start, walls, end.
double milliseconds_of(std::size_t count, const std::vector<char*>& program, Walls walls) {
    std::vector<double> times;
    const ChildWatch watch{
        .wall_max = 10s,
        .stall_max = 10s,
        .on_report = [](std::string_view) { return Heard::progress; },
    };
    for (std::size_t i = 0; i < count; ++i) {
        const auto begins = std::chrono::steady_clock::now();
        auto sandbox = Sandbox::prepare(
            {program.empty() ? "" : program.front(), "", ""},
            {.memory_max = 1_GiB, .file_bytes_max = 1_MiB, .cpu_max = 10s},
            walls
        );
        if (!sandbox) {
            std::fprintf(stderr, "sandbox_bench: %s\n", sandbox.error().detail.c_str());
            std::exit(1);
        }
        const auto body = [&program] {
            char* const nothing[] = {nullptr};
            return program.empty() ? 0 : ::execve(program.front(), program.data(), nothing);
        };
        const auto end = run_behind_walls(*std::move(sandbox), body, watch);
        if (!end || end->fate != ChildFate::exited || end->number != 0) {
            std::fprintf(stderr, "sandbox_bench: a child did not end well\n");
            std::exit(1);
        }
        const std::chrono::duration<double, std::milli> took =
            std::chrono::steady_clock::now() - begins;
        times.push_back(took.count());
    }
    std::ranges::sort(times);
    return times[times.size() / 2];
}

void compare(const char* what, std::size_t count, const std::vector<char*>& program) {
    const double bare = milliseconds_of(count, program, Walls::limits_only);
    const double walled = milliseconds_of(count, program, Walls::all);
    std::printf(
        "%-24s limits %.3f ms   walls %.3f ms   ratio %.2f   added %.3f ms\n",
        what,
        bare,
        walled,
        walled / bare,
        walled - bare
    );
}

}  // namespace

int main(int argc, char** argv) {
    const std::size_t count = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : count_default;
    std::string shortest = "/bin/true";
    std::vector<char*> program(argv + std::min(argc, 2), argv + argc);
    if (program.empty()) {
        program.push_back(shortest.data());
    }
    const std::string name = program.front();
    program.push_back(nullptr);
    compare("task", std::max<std::size_t>(count, 1), {});
    compare(name.c_str(), std::max<std::size_t>(count, 1), program);
    return 0;
}
