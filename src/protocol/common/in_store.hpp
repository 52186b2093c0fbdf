// Running a use case on a pool of threads, for the calls of the protocols.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <type_traits>
#include <utility>

#include "protocol/common/exchange.hpp"
#include "runtime/run_blocking.hpp"

namespace sluice::protocol {

// A use case that begins on the loop (see begin_here()), its time noted.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> in_store_from_here(
    Exchange& exchange, runtime::BlockingPool& pool, Work work
) {
    const auto begun = Timings::Clock::now();
    auto outcome = co_await runtime::begin_here(pool, std::move(work));
    exchange.timings.store += Timings::Clock::now() - begun;
    co_return outcome;
}

// A use case on a pool, its time noted.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> in_store(
    Exchange& exchange, runtime::BlockingPool& pool, Work work
) {
    const auto begun = Timings::Clock::now();
    auto outcome = co_await runtime::run_blocking(pool, std::move(work));
    exchange.timings.store += Timings::Clock::now() - begun;
    co_return outcome;
}

}  // namespace sluice::protocol
