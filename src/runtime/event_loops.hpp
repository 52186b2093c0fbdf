// N threads, each with an event loop of its own. A connection lives and dies on its loop, so its
// state needs no lock. Made and ended by the wiring; start, stop and join belong to one thread,
// executor() to any. Never run a loop on two threads.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

namespace boost::asio {
class io_context;
}

namespace sluice::runtime {

// The processors that this process may use: a container or taskset may leave it fewer than there are.
unsigned usable_processors();

class EventLoops {
  public:
    // `count` is at least 1. The threads run after start().
    explicit EventLoops(unsigned count);
    ~EventLoops();
    EventLoops(const EventLoops&) = delete;
    EventLoops& operator=(const EventLoops&) = delete;

    void start();
    // Ends the loops after the handler that runs; what is still spawned on them is destroyed, never
    // resumed.
    void stop();
    void join();

    std::size_t size() const { return loops_.size(); }
    boost::asio::io_context& loop(std::size_t index);
    boost::asio::any_io_executor executor(std::size_t index);

  private:
    struct Loop;
    std::vector<std::unique_ptr<Loop>> loops_;
    std::vector<std::thread> threads_;
};

}  // namespace sluice::runtime
