// What processes cost: CPU time to the nanosecond, resident memory, and the CPU of the kernel's
// own threads (write-back), from /proc.
#pragma once
#include <cstdint>
#include <vector>

namespace sluice::bench {

struct Usage {
    double cpu_s = 0;  // user and system, of the processes, their descendants and reaped children
    double kernel_threads_s = 0;
    double client_s = 0;          // of this process
    std::uint64_t rss = 0;        // bytes, of the processes and their descendants
    std::uint64_t anonymous = 0;  // the part that is not mapped files
    std::uint64_t peak_rss = 0;   // the sum of each one's highest
    std::uint64_t slab = 0;       // of the machine: sockets' buffers are in here
};

Usage usage_of(const std::vector<int>& pids);

}  // namespace sluice::bench
