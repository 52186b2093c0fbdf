// Runs the sweep again and again, in small steps, on the blocking pool.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "runtime/run_blocking.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"

namespace sluice::server {

// Until cancelled. Uploads and pool outlive it.
boost::asio::awaitable<void> sweep_forever(
    Uploads* uploads, runtime::BlockingPool* pool, std::chrono::seconds pause
);

// Writes what uploads remember, again and again. Until cancelled; the last time is the caller's.
boost::asio::awaitable<void> flush_forever(
    Timeline* timeline, runtime::BlockingPool* pool, std::chrono::milliseconds pause
);

}  // namespace sluice::server
