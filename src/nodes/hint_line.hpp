// HintLine: the thread that carries hints: what is said within a few milliseconds goes out together, by
// a connection of its own (PostgresNotifier). While that is away nothing is carried. Whatever was lost,
// here or on its way, those who would have heard it are told that they may have missed something.
// say() never blocks, and is bounded.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/unique_fd.hpp"
#include "nodes/hint.hpp"
#include "store/postgres/notifier.hpp"

namespace sluice {

class HintLine {
  public:
    // Hints that may wait to go out; more are dropped, and a gap is told.
    static constexpr std::size_t waiting_max = 5000;
    // What is said within this time goes out together.
    static constexpr std::chrono::milliseconds gather{5};

    struct Ears {
        std::function<void(const Hint&)> hear;  // of others; does not block
        std::function<void()> missed;           // some may be lost
        // Now and then, at least so often while it says true.
        std::function<bool()> look;
        std::chrono::milliseconds look_pause{5};
    };

    HintLine(std::string url, std::uint64_t incarnation);
    HintLine(const HintLine&) = delete;
    HintLine& operator=(const HintLine&) = delete;
    ~HintLine();  // stops

    // Any thread.
    void say(Hint hint);
    // From now on; the first connection is made in the background.
    void start(Ears ears);
    // What was said before goes out, if that is possible at once. Idempotent.
    void stop();
    bool is_connected() const { return is_connected_; }
    // How often some of ours were lost, or some of others' may have been.
    std::uint64_t gaps() const { return gaps_; }

  private:
    struct Thread;

    void run();
    bool connect();
    void wait(bool is_looking);
    void hear(std::string_view line);
    bool receive();
    bool flush();
    void miss();
    void note_loss();
    bool is_stopping();

    const std::string url_;
    const std::uint64_t incarnation_;
    Ears ears_;
    UniqueFd event_;
    std::optional<PostgresNotifier> notifier_;  // the thread's alone
    std::atomic<bool> is_connected_ = false;
    std::atomic<std::uint64_t> gaps_ = 0;
    bool is_loss_told_ = false;  // in the log, since it was last connected
    std::mutex mutex_;           // guards all below
    std::vector<std::string> waiting_;
    bool has_dropped_ = false;
    bool is_stopping_ = false;
    std::unique_ptr<Thread> thread_;
};

}  // namespace sluice
