// The two ways to wait and to move bytes. Neither returns.
#pragma once
#include "yardstick/options.hpp"

namespace sluice::yardstick {

class Store;

[[noreturn]] void run_epoll(const Options& options, Store& store);
[[noreturn]] void run_uring(const Options& options, Store& store);

}  // namespace sluice::yardstick
