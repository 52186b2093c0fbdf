// Runs the sweep again and again, in small steps, on the blocking pool.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>

#include "runtime/run_blocking.hpp"
#include "server/blob_engine.hpp"
#include "service/doubts.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"
#include "store/disk/ballast.hpp"

namespace sluice::server {

// Until cancelled. Uploads and pool outlive it.
boost::asio::awaitable<void> sweep_forever(
    Uploads* uploads, runtime::BlockingPool* pool, std::chrono::seconds pause
);

// What nobody names goes: packs from which the last piece was taken away long ago, objects whose
// process died before its commit. All outlive it.
struct UnnamedBlobs {
    BlobEngine* blobs;
    MetadataStore* metadata;
    const Clock* clock;
    // What changed later stays: it may be on its way to its row. Among nodes one may be paused for long.
    std::chrono::hours age{1};
    std::function<bool()> is_ours = [] { return true; };  // else another node looks
    // A look may take minutes, and who wants to stop would wait for its end. From any thread.
    std::function<bool()> is_stopping = [] { return false; };
};
boost::asio::awaitable<void> sweep_blobs_forever(
    UnnamedBlobs unnamed, runtime::BlockingPool* pool, std::chrono::milliseconds pause
);

// Checks what is in doubt after an unclean stop, and says what it found. Ends when nothing is left.
boost::asio::awaitable<void> check_doubted(Doubts* doubts, runtime::BlockingPool* pool);

// Makes the ballast again once there is room. Until cancelled.
boost::asio::awaitable<void> keep_ballast(
    std::shared_ptr<Ballast> ballast,
    MetadataStore* metadata,
    runtime::BlockingPool* pool,
    std::chrono::seconds pause
);

// Writes what uploads remember, again and again. Until cancelled; the last time is the caller's.
boost::asio::awaitable<void> flush_forever(
    Timeline* timeline, runtime::BlockingPool* pool, std::chrono::milliseconds pause
);

// Gives memory that a peak of load has left to the system again. Until cancelled.
boost::asio::awaitable<void> trim_forever(
    runtime::BlockingPool* pool, std::chrono::milliseconds pause
);

}  // namespace sluice::server
