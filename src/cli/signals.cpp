#include "cli/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace sluice::cli {
namespace {

// A signal handler can reach nothing else.
// NOLINTBEGIN(cppcoreguidelines-avoid-non-const-global-variables)
client::StopFlag stop_requested = false;
std::atomic<int> signal_number = 0;
// NOLINTEND(cppcoreguidelines-avoid-non-const-global-variables)
static_assert(client::StopFlag::is_always_lock_free && std::atomic<int>::is_always_lock_free);

extern "C" void on_signal(int number) {
    if (stop_requested.exchange(true)) {
        ::_exit(128 + number);
    }
    signal_number.store(number);
}

}  // namespace

const client::StopFlag& stop_on_signals() {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
    std::signal(SIGPIPE, SIG_IGN);
    return stop_requested;
}

int exit_code_of_signal() {
    const auto number = signal_number.load();
    return number == 0 ? 0 : 128 + number;
}

}  // namespace sluice::cli
