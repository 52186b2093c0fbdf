// Runs the sweep again and again, in small steps, on the blocking pool.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>

#include "runtime/run_blocking.hpp"
#include "service/uploads.hpp"

namespace sluice::server {

// Until cancelled. Uploads and pool outlive it.
boost::asio::awaitable<void> sweep_forever(
    Uploads* uploads, runtime::BlockingPool* pool, std::chrono::seconds pause
);

}  // namespace sluice::server
