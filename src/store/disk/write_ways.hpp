// How the file system of the data directory is best written to: asked once, when the store opens.
#pragma once

#include <cstddef>
#include <string_view>

namespace sluice::disk {

struct WriteWays {
    // A file system in memory: a write is a copy and never waits for a device.
    bool is_memory = false;
    // What offset, length and memory of a direct write must be multiples of; 0: no direct I/O here.
    std::size_t direct_block = 0;
};

// `folder` is an open directory in which a file may be made and removed.
WriteWays find_write_ways(int folder);

// "direct", "memory" or "page cache", for the log.
std::string_view name_of(const WriteWays& ways);

}  // namespace sluice::disk
