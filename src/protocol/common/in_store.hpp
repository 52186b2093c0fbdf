// Running a use case on a pool of threads, for the calls of the protocols.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <utility>

#include "protocol/common/exchange.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol {

// Notes the time of a use case that runs.
template <class Outcome>
boost::asio::awaitable<Outcome> timed_in_store(
    Exchange& exchange, boost::asio::awaitable<Outcome> running
) {
    const auto begun = Timings::Clock::now();
    auto outcome = co_await std::move(running);
    exchange.timings.store += Timings::Clock::now() - begun;
    co_return outcome;
}

// A use case that begins on the loop (see begin_here()), its time noted.
template <class Work>
auto in_store_from_here(Exchange& exchange, runtime::BlockingPool& pool, Work work) {
    return timed_in_store(exchange, runtime::begin_here(pool, std::move(work)));
}

// A use case on a pool, its time noted.
template <class Work>
auto in_store(Exchange& exchange, runtime::BlockingPool& pool, Work work) {
    return timed_in_store(exchange, runtime::run_blocking(pool, std::move(work)));
}

}  // namespace sluice::protocol
