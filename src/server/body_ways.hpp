// Which way bodies take to where the bytes are: it is the first question about speed.
#pragma once

#include <string_view>

#include "runtime/buffer_arena.hpp"
#include "runtime/event_loops.hpp"
#include "server/blob_engine.hpp"

namespace sluice::server {

// Gives each loop its ring if the disk can be written to past the page cache; logs and returns the way.
std::string_view prepare_body_ways(
    const BlobEngine& blobs, runtime::EventLoops& loops, runtime::BufferArena& buffers
);

}  // namespace sluice::server
