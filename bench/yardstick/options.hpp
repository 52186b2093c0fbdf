// What the yardstick is told on its command line.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::yardstick {

// How a body goes from the socket into its file.
enum class Way {
    sink,    // recv() and nothing more
    cached,  // recv(), pwrite() into the page cache
    direct,  // io_uring, O_DIRECT, registered buffers, receiving and writing at the same time
    packed,  // the same, but small bodies share one file, and FINALIZE waits for a shared sync
};

struct Options {
    std::uint16_t port = 0;
    std::string folder;
    Way way = Way::cached;
    bool is_syncing = false;  // fdatasync at FINALIZE
    std::size_t buffer = 256 << 10;
};

}  // namespace sluice::yardstick
