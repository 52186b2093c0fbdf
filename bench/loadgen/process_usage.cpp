#include "loadgen/process_usage.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

namespace sluice::bench {
namespace {

constexpr int kernel_parent = 2;  // kthreadd

struct Stat {
    int parent = 0;
    double reaped_s = 0;  // user and system time of children that have ended
};

// Empty if the process has ended: opening may still work then, and reading does not.
std::string text_of(const std::string& name) {
    std::ostringstream text;
    text << std::ifstream(name).rdbuf();
    return text.str();
}

std::map<int, Stat> every_process() {
    std::map<int, Stat> found;
    DIR* folder = ::opendir("/proc");
    while (const dirent* entry = folder != nullptr ? ::readdir(folder) : nullptr) {
        const int pid = std::atoi(entry->d_name);
        const std::string text = pid > 0 ? text_of("/proc/" + std::to_string(pid) + "/stat") : "";
        const auto end = text.rfind(')');
        long user = 0;
        long system = 0;
        Stat stat;
        if (end != std::string::npos &&
            std::sscanf(
                text.c_str() + end + 1,
                " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %ld %ld",
                &stat.parent,
                &user,
                &system
            ) == 3) {
            stat.reaped_s =
                static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
            found.emplace(pid, stat);
        }
    }
    if (folder != nullptr) {
        ::closedir(folder);
    }
    return found;
}

double cpu_clock_of(int pid) {
    clockid_t clock{};
    timespec time{};
    if (::clock_getcpuclockid(pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0) {
        return 0;
    }
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

// "VmRSS:     1234 kB" in bytes.
std::uint64_t field(const std::string& text, const std::string& name) {
    const auto at = text.find(name + ":");
    return at == std::string::npos
               ? 0
               : std::strtoull(text.c_str() + at + name.size() + 1, nullptr, 10) * 1024;
}

bool descends(const std::map<int, Stat>& all, int pid, const std::set<int>& from) {
    while (pid > 1 && !from.contains(pid)) {
        const auto found = all.find(pid);
        pid = found == all.end() ? 0 : found->second.parent;
    }
    return from.contains(pid);
}

}  // namespace

Usage usage_of(const std::vector<int>& pids) {
    Usage usage;
    const std::set<int> roots(pids.begin(), pids.end());
    const auto all = every_process();
    for (const auto& [pid, stat] : all) {
        if (stat.parent == kernel_parent) {
            usage.kernel_threads_s += cpu_clock_of(pid);
        } else if (descends(all, pid, roots)) {
            usage.cpu_s += cpu_clock_of(pid) + stat.reaped_s;
            const std::string text = text_of("/proc/" + std::to_string(pid) + "/status");
            usage.rss += field(text, "VmRSS");
            usage.anonymous += field(text, "RssAnon");
            usage.peak_rss += field(text, "VmHWM");
        }
    }
    usage.client_s = cpu_clock_of(::getpid());
    usage.slab = field(text_of("/proc/meminfo"), "Slab");
    return usage;
}

}  // namespace sluice::bench
