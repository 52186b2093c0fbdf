#include "capacity/queueing.hpp"

#include <algorithm>
#include <memory>
#include <utility>

namespace sluice::capacity {

void Simulator::run(double until) {
    while (!events_.empty() && events_.top().at <= until) {
        // The queue gives const access only; the order does not depend on what is moved out.
        Event next = std::move(const_cast<Event&>(events_.top()));
        events_.pop();
        now_ = next.at;
        next.act();
    }
}

void Station::visit(double seconds, Simulator::Then then) {
    if (serving_ >= setup_.servers && waiting_.size() >= setup_.queue_max) {
        then(false);
        return;
    }
    waiting_.push_back({seconds, std::move(then)});
    serve();
}

void Station::serve() {
    while (serving_ < setup_.servers && !waiting_.empty()) {
        const std::size_t count = std::min(setup_.batch, waiting_.size());
        auto batch = std::make_shared<std::vector<Caller>>();
        double seconds = 0;
        for (std::size_t i = 0; i < count; ++i) {
            seconds = std::max(seconds, waiting_.front().seconds);
            batch->push_back(std::move(waiting_.front()));
            waiting_.pop_front();
        }
        ++serving_;
        busy_ += seconds;
        simulator_.after(seconds, [this, batch] {
            --serving_;
            for (Caller& caller : *batch) {
                caller.then(true);
            }
            serve();
        });
    }
}

}  // namespace sluice::capacity
