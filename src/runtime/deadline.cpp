#include "runtime/deadline.hpp"

#include <boost/asio/steady_timer.hpp>
#include <utility>

namespace sluice::runtime {

using SteadyTime = std::chrono::steady_clock::time_point;

struct Deadline::State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> call)
        : timer(executor), on_expiry(std::move(call)) {}

    boost::asio::steady_timer timer;
    std::function<void()> on_expiry;          // empty after the owner's end
    SteadyTime due = SteadyTime::max();       // max: nothing is waited for
    SteadyTime timer_at = SteadyTime::max();  // max: the timer sleeps
    bool has_expired = false;

    static void arm(const std::shared_ptr<State>& state) {
        state->timer_at = state->due;
        state->timer.expires_at(state->due);
        state->timer.async_wait([state](const boost::system::error_code& error) {
            if (!error) {
                fire(state);
            }
        });
    }

    static void fire(const std::shared_ptr<State>& state) {
        state->timer_at = SteadyTime::max();
        if (!state->on_expiry || state->due == SteadyTime::max()) {
            return;
        }
        if (std::chrono::steady_clock::now() < state->due) {
            arm(state);
            return;
        }
        state->due = SteadyTime::max();
        state->has_expired = true;
        state->on_expiry();
    }
};

Deadline::Deadline(const boost::asio::any_io_executor& executor, std::function<void()> on_expiry)
    : state_(std::make_shared<State>(executor, std::move(on_expiry))) {}

Deadline::~Deadline() {
    state_->on_expiry = nullptr;
    state_->timer.cancel();
}

void Deadline::set(std::chrono::milliseconds from_now) {
    state_->has_expired = false;
    state_->due = std::chrono::steady_clock::now() + from_now;
    if (state_->due < state_->timer_at) {
        State::arm(state_);
    }
}

void Deadline::clear() {
    state_->due = SteadyTime::max();
}

bool Deadline::has_expired() const {
    return state_->has_expired;
}

}  // namespace sluice::runtime
