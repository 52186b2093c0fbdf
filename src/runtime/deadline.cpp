#include "runtime/deadline.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/steady_timer.hpp>
#include <utility>
#include <vector>

namespace sluice::runtime {

namespace asio = boost::asio;

// The deadlines of one loop, the earliest first (a heap); a service of the loop, so that it is found by it and ends
// with it. Touched on the loop's thread only.
class Deadlines final : public asio::execution_context::service {
  public:
    using Time = Deadline::Time;
    using key_type = Deadlines;
    static inline asio::execution_context::id id;  // Asio's way to find it

    explicit Deadlines(asio::execution_context& loop)
        : service(loop), timer_(static_cast<asio::io_context&>(loop)) {}

    void queue(Deadline& deadline) {
        remove(deadline);
        deadline.queued_ = deadline.due_;
        waiting_.push_back(&deadline);
        deadline.place_ = waiting_.size() - 1;
        rise(deadline.place_);
        arm();
    }

    void remove(Deadline& deadline) {
        if (deadline.queued_ == Time::max()) {
            return;
        }
        deadline.queued_ = Time::max();
        const std::size_t place = deadline.place_;
        put(place, *waiting_.back());
        waiting_.pop_back();
        if (place < waiting_.size()) {
            rise(place);
            sink(place);
        }
    }

    // Nobody is left for whom the loop would have to run on.
    void rest_if_empty() {
        if (waiting_.empty() && armed_ != Time::max()) {
            armed_ = Time::max();
            timer_.cancel();
        }
    }

  private:
    // Tasks that are destroyed with the loop have deadlines still.
    void shutdown() override {
        for (Deadline* deadline : waiting_) {
            deadline->queued_ = Time::max();
        }
        waiting_.clear();
        armed_ = Time::max();
    }

    void put(std::size_t place, Deadline& deadline) {
        waiting_[place] = &deadline;
        deadline.place_ = place;
    }

    void swap(std::size_t left, std::size_t right) {
        Deadline& moved = *waiting_[left];
        put(left, *waiting_[right]);
        put(right, moved);
    }

    bool is_earlier(std::size_t left, std::size_t right) const {
        return waiting_[left]->queued_ < waiting_[right]->queued_;
    }

    void rise(std::size_t place) {
        while (place > 0 && is_earlier(place, (place - 1) / 2)) {
            swap(place, (place - 1) / 2);
            place = (place - 1) / 2;
        }
    }

    void sink(std::size_t place) {
        for (;;) {
            std::size_t first = place;
            for (const std::size_t below : {2 * place + 1, 2 * place + 2}) {
                first = below < waiting_.size() && is_earlier(below, first) ? below : first;
            }
            if (first == place) {
                return;
            }
            swap(place, first);
            place = first;
        }
    }

    void arm() {
        if (waiting_.empty() || waiting_.front()->queued_ >= armed_) {
            return;
        }
        armed_ = waiting_.front()->queued_;
        timer_.expires_at(armed_);
        timer_.async_wait([this](const boost::system::error_code& error) {
            if (!error) {
                fire();
            }
        });
    }

    void fire() {
        armed_ = Time::min();  // once, at the end
        const Time now = std::chrono::steady_clock::now();
        while (!waiting_.empty() && waiting_.front()->queued_ <= now) {
            expire(*waiting_.front(), now);
        }
        armed_ = Time::max();
        arm();
    }

    // Whoever is called may end, and others with it.
    void expire(Deadline& deadline, Time now) {
        remove(deadline);
        if (deadline.due_ == Time::max()) {
            return;
        }
        if (now < deadline.due_) {
            queue(deadline);
            return;
        }
        deadline.due_ = Time::max();
        deadline.has_expired_ = true;
        void* with = deadline.with_;  // it may end the deadline
        deadline.on_expiry_(&with);
    }

    asio::steady_timer timer_;
    std::vector<Deadline*> waiting_;
    Time armed_ = Time::max();  // max: the timer sleeps
};

namespace {

Deadlines& deadlines_of(const asio::any_io_executor& executor) {
    return asio::use_service<Deadlines>(
        static_cast<asio::io_context&>(asio::query(executor, asio::execution::context))
    );
}

}  // namespace

Deadline::Deadline(const asio::any_io_executor& executor) : all_(deadlines_of(executor)) {}

Deadline::~Deadline() {
    all_.remove(*this);
    all_.rest_if_empty();
}

void Deadline::set(std::chrono::milliseconds from_now) {
    set(from_now, std::chrono::steady_clock::now());
}

void Deadline::set(std::chrono::milliseconds from_now, Time now) {
    has_expired_ = false;
    due_ = now + from_now;
    if (due_ < queued_) {
        all_.queue(*this);
    }
}

}  // namespace sluice::runtime
