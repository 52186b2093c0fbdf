#include "media/worker/self_test.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string_view>

#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "media/worker/task.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

bool can_open(const std::string& path) {
    return static_cast<bool>(UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)));
}

bool can_make_socket(int family) {
    return static_cast<bool>(UniqueFd(::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0)));
}

bool can_make_process() {
    const pid_t pid = ::fork();
    if (pid == 0) {
        ::_exit(0);
    }
    return pid > 0;
}

std::string attempts(const std::string& canary) {
    const bool reaches = can_make_socket(AF_INET) || can_make_socket(AF_UNIX);
    return std::string(can_open(canary) ? "0" : "1") + (reaches ? "0" : "1") +
           (can_make_process() ? "0" : "1");
}

}  // namespace

SandboxFacts test_walls(const std::string& canary, bool has_left_network) {
    SandboxFacts facts{.landlock_version = landlock_version()};
    if (!can_open(canary)) {
        log::error("self_test_failed", "the canary cannot be read at all", {{"path", canary}});
        return facts;
    }
    const TaskRoom room{
        .input = "",
        .output_folder = "",
        .limits = {.memory_max = 256_MiB, .cpu_max = 5s, .wall_max = 10s},
    };
    const auto found = text_of_task(room, [&canary] { return attempts(canary); }, {});
    if (found && found->size() == 3) {
        facts.files = (*found)[0] == '1';
        facts.network = (*found)[1] == '1';
        facts.processes = (*found)[2] == '1';
        facts.own_network = has_left_network;
    }
    return facts;
}

}  // namespace sluice
