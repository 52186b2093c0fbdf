// LogOutlet: a thread that writes what the event loops say to the log, so that no loop waits for a full pipe, or for
// a disk that is busy with everybody's bytes (tens of milliseconds, in which no STATUS is answered). Lines go out a
// moment later, in the order in which they came. Bounded: while nobody takes them, the newest are dropped, and how
// many is said afterwards. take() from any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace sluice::runtime {

class LogOutlet {
  public:
    static constexpr std::size_t waiting_max = 4 << 20;

    explicit LogOutlet(int descriptor);
    // Writes what is left; waits for as long as that takes.
    ~LogOutlet();
    LogOutlet(const LogOutlet&) = delete;
    LogOutlet& operator=(const LogOutlet&) = delete;

    // Whole lines, each with its end.
    void take(std::string_view lines);

  private:
    void run();
    void write_all(std::string_view lines) const;

    const int descriptor_;
    const bool is_file_;
    std::mutex mutex_;  // guards all below, but for the thread
    std::condition_variable changed_;
    std::string waiting_;
    std::uint64_t dropped_ = 0;  // lines, since something was written
    bool is_idle_ = false;       // it waits for the first line
    bool is_ending_ = false;
    std::thread thread_;
};

}  // namespace sluice::runtime
