#include "runtime/stop_signals.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>

namespace sluice::runtime {

struct StopSignals::State {
    boost::asio::io_context context{1};
    boost::asio::signal_set signals{context, SIGTERM, SIGINT};
    std::optional<int> received;

    void listen() {
        signals.async_wait([this](const boost::system::error_code& error, int number) {
            if (!error) {
                received = number;
                listen();
            }
        });
    }
};

StopSignals::StopSignals() : state_(std::make_unique<State>()) {
    state_->listen();
}

StopSignals::~StopSignals() = default;

std::optional<int> StopSignals::wait_for(std::chrono::milliseconds patience) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!state_->received && state_->context.run_one_until(until) > 0) {
    }
    return std::exchange(state_->received, std::nullopt);
}

int StopSignals::wait() {
    while (true) {
        if (auto number = wait_for(std::chrono::hours(1))) {
            return *number;
        }
    }
}

void StopSignals::request_stop() {
    boost::asio::post(state_->context, [this] { state_->received = 0; });
}

}  // namespace sluice::runtime
