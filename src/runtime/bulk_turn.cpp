#include "runtime/bulk_turn.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <utility>

namespace sluice::runtime {

namespace asio = boost::asio;

namespace {

// So that small requests without end do not stop the bodies: about as long as a piece takes. One handler may serve
// many of them, so their number says little.
constexpr std::chrono::microseconds small_handlers_max{300};
constexpr int small_handlers_min = 8;

// Who waits on one loop; a service of it, so that it is found by the loop and ends with it. Touched
// on the loop's thread only.
class Turns final : public asio::execution_context::service {
  public:
    using key_type = Turns;
    static inline asio::execution_context::id id;  // Asio's way to find it

    explicit Turns(asio::execution_context& loop)
        : service(loop), loop_(static_cast<asio::io_context&>(loop)) {}

    void enter(std::move_only_function<void()> resume) {
        waiting_.push_back(std::move(resume));
        if (!is_posted_) {
            post();
        }
    }

  private:
    void shutdown() override { waiting_.clear(); }

    void post() {
        is_posted_ = true;
        asio::post(loop_, [this] { give_turn(); });
    }

    // Runs the small handlers from within this one: only so is it known that none is left.
    void give_turn() {
        using Steady = std::chrono::steady_clock;
        const auto ends = Steady::now() + small_handlers_max;
        for (int n = 0; n < small_handlers_min || Steady::now() < ends; ++n) {
            if (loop_.poll_one() == 0) {
                break;
            }
        }
        auto resume = std::move(waiting_.front());
        waiting_.pop_front();
        is_posted_ = false;
        if (!waiting_.empty()) {
            post();
        }
        resume();
    }

    asio::io_context& loop_;
    std::deque<std::move_only_function<void()>> waiting_;
    bool is_posted_ = false;  // give_turn() will run
};

}  // namespace

asio::awaitable<void> bulk_turn(asio::io_context& loop) {
    auto start = [&loop](auto handler) {
        asio::use_service<Turns>(loop).enter(std::move(handler));
    };
    co_await asio::async_initiate<const asio::use_awaitable_t<>, void()>(
        start, asio::use_awaitable
    );
}

asio::awaitable<void> bulk_turn() {
    const auto executor = co_await asio::this_coro::executor;
    auto& loop = static_cast<asio::io_context&>(asio::query(executor, asio::execution::context));
    co_await bulk_turn(loop);
}

}  // namespace sluice::runtime
