#include "server/open_files.hpp"

#include <sys/resource.h>

#include <algorithm>

namespace sluice::server {
namespace {

constexpr std::uint64_t other_files = 256;
constexpr std::uint64_t connections_max = 16'384;
constexpr std::uint64_t connections_min = 16;

}  // namespace

std::uint64_t raise_open_files() {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return 1024;
    }
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_max : before;
}

std::size_t connections_for(std::uint64_t open_files) {
    const std::uint64_t left = open_files - std::min(other_files, open_files / 2);
    return std::clamp(left / 2, connections_min, connections_max);
}

}  // namespace sluice::server
