#include "server/body_ways.hpp"

#include "base/log.hpp"
#include "runtime/disk_ring.hpp"

namespace sluice::server {

std::string_view prepare_body_ways(
    const BlobEngine& blobs, runtime::EventLoops& loops, runtime::BufferArena& buffers
) {
    if (blobs.bucket != nullptr) {
        log::info("storage", "where bodies go", {{"where", blobs.bucket->shown()}});
        return "S3";
    }
    const disk::WriteWays ways = blobs.disk->ways();
    std::string_view way = disk::name_of(ways);
    for (std::size_t i = 0; i < loops.size() && ways.direct_block > 0; ++i) {
        if (!runtime::DiskRing::install(loops.loop(i), buffers)) {
            way = "page cache: io_uring is refused";
        }
    }
    log::info("storage", "how bodies are written", {{"way", way}});
    return way;
}

}  // namespace sluice::server
