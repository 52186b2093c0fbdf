#include "runtime/watched_socket.hpp"

#include <sys/epoll.h>

#include <array>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <span>
#include <vector>

#include "base/assert.hpp"

namespace sluice::runtime {

namespace asio = boost::asio;

namespace {

// Of one round. What is beyond comes in the next one, so that others of the loop have their turn.
constexpr int told_max = 64;
constexpr std::uint32_t always = EPOLLIN | EPOLLRDHUP | EPOLLET;
constexpr std::uint32_t ended = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

}  // namespace

// The sockets of one loop; a service of it, so that it is found by the loop and ends with it. Its own epoll set is one
// descriptor to Asio's.
class SocketSet final : public asio::execution_context::service {
  public:
    using key_type = SocketSet;
    static inline asio::execution_context::id id;  // Asio's way to find it

    explicit SocketSet(asio::execution_context& context)
        : service(context), loop_(static_cast<asio::io_context&>(context)), epoll_(loop_) {
        const int set = ::epoll_create1(EPOLL_CLOEXEC);
        if (set < 0) {
            throw boost::system::system_error(errno, boost::system::system_category(), "epoll");
        }
        epoll_.assign(set);
    }

    void add(WatchedSocket& socket) {
        control(EPOLL_CTL_ADD, socket, always);
        socket.behind_ = first_;
        if (first_ != nullptr) {
            first_->before_ = &socket;
        }
        first_ = &socket;
    }

    void remove(WatchedSocket& socket) {
        (socket.before_ != nullptr ? socket.before_->behind_ : first_) = socket.behind_;
        if (socket.behind_ != nullptr) {
            socket.behind_->before_ = socket.before_;
        }
        if (is_over_) {
            return;
        }
        if (socket.awaited_ != WatchedSocket::Kind::none) {
            end_wait();
        }
        // Closing would not do: a child that was just forked may hold the descriptor, too.
        control(EPOLL_CTL_DEL, socket, 0);
        for (epoll_event& event : told_) {
            event.data.ptr = event.data.ptr == &socket ? nullptr : event.data.ptr;
        }
    }

    // Only while somebody waits: what comes for others meanwhile wakes nobody.
    void begin_wait() {
        ++waiting_;
        if (!is_armed_ && !is_telling_) {
            arm();
        }
    }

    void end_wait() {
        if (--waiting_ == 0 && is_armed_) {
            epoll_.cancel();  // the loop need not run for nobody
        }
    }

    // From now on. The kernel looks at once, so nothing is missed.
    void watch(WatchedSocket& socket, std::uint32_t events) {
        control(EPOLL_CTL_MOD, socket, events);
    }

    void post(std::move_only_function<void()> resume) { asio::post(loop_, std::move(resume)); }

    void at_end(std::move_only_function<void()> resume) {
        if (is_telling_) {
            at_end_.push_back(std::move(resume));
        } else {
            post(std::move(resume));
        }
    }

  private:
    // What waits is destroyed with its frames, and in them are sockets of this set.
    void shutdown() override {
        is_over_ = true;
        std::vector<WatchedSocket::Resume> waiting;
        for (WatchedSocket* socket = first_; socket != nullptr; socket = socket->behind_) {
            waiting.push_back(std::move(socket->resume_));
        }
        waiting.clear();
        at_end_.clear();
        boost::system::error_code ignored;
        epoll_.close(ignored);
    }

    void control(int how, WatchedSocket& socket, std::uint32_t events) {
        epoll_event event{};
        event.events = events;
        event.data.ptr = &socket;
        if (::epoll_ctl(epoll_.native_handle(), how, socket.socket_, &event) != 0 &&
            how == EPOLL_CTL_ADD) {
            throw boost::system::system_error(errno, boost::system::system_category(), "epoll");
        }
    }

    void arm() {
        is_armed_ = true;
        epoll_.async_wait(
            asio::posix::stream_descriptor::wait_read,
            [this](const boost::system::error_code& error) {
                is_armed_ = false;
                if (!error) {
                    tell();
                }
                if (waiting_ > 0 && !is_armed_) {
                    arm();
                }
            }
        );
    }

    void tell() {
        SLUICE_ASSERT(!is_telling_);
        std::array<epoll_event, told_max> events;
        const int count = ::epoll_wait(epoll_.native_handle(), events.data(), told_max, 0);
        told_ = std::span(events).first(count > 0 ? static_cast<std::size_t>(count) : 0);
        is_telling_ = true;
        for (std::size_t i = 0; i < told_.size(); ++i) {
            if (auto* const socket = static_cast<WatchedSocket*>(told_[i].data.ptr)) {
                socket->note_told(told_[i].events);
            }
        }
        is_telling_ = false;
        told_ = {};
        ending_.swap(at_end_);
        for (auto& resume : ending_) {
            resume();
        }
        ending_.clear();
    }

    asio::io_context& loop_;
    asio::posix::stream_descriptor epoll_;
    WatchedSocket* first_ = nullptr;
    std::size_t waiting_ = 0;
    bool is_armed_ = false;
    bool is_telling_ = false;
    bool is_over_ = false;
    std::span<epoll_event> told_;  // of this round; null for those that have ended since
    std::vector<std::move_only_function<void()>> at_end_;
    std::vector<std::move_only_function<void()>> ending_;
};

WatchedSocket::WatchedSocket(asio::io_context& loop, int socket)
    : set_(asio::use_service<SocketSet>(loop)), socket_(socket) {
    set_.add(*this);
}

WatchedSocket::~WatchedSocket() {
    set_.remove(*this);
}

void WatchedSocket::note_read(ssize_t got, std::size_t room) {
    const bool is_drained =
        got < 0 ? errno == EAGAIN : got > 0 && static_cast<std::size_t>(got) < room;
    if (is_drained) {
        note_nothing_there();
    }
}

void WatchedSocket::begin_wait(Kind kind, Resume resume, asio::cancellation_slot slot) {
    SLUICE_ASSERT(awaited_ == Kind::none);
    if (kind == Kind::read && may_read_) {
        set_.post([resume = std::move(resume)]() mutable { resume(true); });
        return;
    }
    awaited_ = kind;
    set_.begin_wait();
    resume_ = std::move(resume);
    slot_ = slot;
    if (slot_.is_connected()) {
        slot_.assign([this](asio::cancellation_type type) {
            if (type != asio::cancellation_type::none) {
                cancel();
            }
        });
    }
    if (is_resting_) {
        watch_once();
    } else if (kind == Kind::write) {
        set_.watch(*this, always | EPOLLOUT);
    }
}

void WatchedSocket::rest() {
    if (!std::exchange(is_resting_, true)) {
        set_.watch(*this, EPOLLET | EPOLLONESHOT);
    }
}

void WatchedSocket::wake() {
    if (std::exchange(is_resting_, false)) {
        set_.watch(*this, always);
    }
}

void WatchedSocket::begin_end(std::move_only_function<void()> resume) {
    set_.at_end(std::move(resume));
}

// Which may end this object.
void WatchedSocket::note_told(std::uint32_t events) {
    may_read_ = may_read_ || (events & (EPOLLIN | ended)) != 0;
    has_ended_ = has_ended_ || (events & ended) != 0;
    const bool is_room = (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) != 0;
    if ((awaited_ == Kind::read && may_read_) || (awaited_ == Kind::write && is_room)) {
        awaited_ = Kind::none;
        set_.end_wait();
        slot_.clear();
        auto resume = std::exchange(resume_, nullptr);
        resume(true);
    } else if (is_resting_ && awaited_ != Kind::none) {
        watch_once();  // it was told of something else
    }
}

void WatchedSocket::watch_once() {
    set_.watch(*this, always | (awaited_ == Kind::write ? EPOLLOUT : 0U) | EPOLLONESHOT);
}

// The slot is cleared later, since it may be what calls this.
void WatchedSocket::cancel() {
    if (awaited_ == Kind::none) {
        return;
    }
    awaited_ = Kind::none;
    set_.end_wait();
    set_.post([slot = slot_, resume = std::exchange(resume_, nullptr)]() mutable {
        slot.clear();
        resume(false);
    });
}

}  // namespace sluice::runtime
