// LogOutlet: a thread that writes what all threads say to the log, so that none waits for a full pipe, or for a disk
// that is busy with everybody's bytes (tens of milliseconds, in which no STATUS is answered). Lines go out a moment
// later, in the order in which they came. Bounded: while nobody takes them, the newest are dropped, warnings and
// errors last, and how many is said in the log itself once somebody takes lines again. What cannot be written for
// another reason (a full disk) counts as dropped. take() and settle() from any thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <thread>

#include "base/log.hpp"

namespace sluice::runtime {

class LogOutlet final : public log::Outlet {
  public:
    static constexpr std::size_t waiting_max = 4 << 20;
    // Above it, for warnings and errors alone.
    static constexpr std::size_t grave_reserve = 1 << 20;
    // For how long the end of the process waits for whoever reads the log.
    static constexpr std::chrono::milliseconds patience{1000};

    explicit LogOutlet(int descriptor);
    // Writes what is left, but gives up after `patience`: what nobody has taken by then is lost.
    ~LogOutlet();
    LogOutlet(const LogOutlet&) = delete;
    LogOutlet& operator=(const LogOutlet&) = delete;

    // Whole lines, each with its end.
    void take(std::string_view lines, bool is_grave = false) override;
    // Returns when all is written, or after `patience`. Never blocks on the lock: who aborts may hold it.
    void settle() override;

  private:
    struct State;
    // Shared with the thread, which is left behind when a write(2) does not return.
    std::shared_ptr<State> state_;
    std::thread thread_;
};

}  // namespace sluice::runtime
