// The ways `sink` and `cached`: epoll, one buffer, one piece of one body at a time. Connections
// inside a body stand in a set of their own, and one piece of one of them is moved before the others
// are asked again, so small requests never wait for more than that.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "yardstick/engines.hpp"
#include "yardstick/session.hpp"
#include "yardstick/socket.hpp"

namespace sluice::yardstick {
namespace {

struct Peer {
    Peer(int given, Store& store) : socket(given), session(store) {}
    int socket;
    Session session;
    bool is_among_bodies = false;
};

class EpollEngine {
  public:
    EpollEngine(const Options& options, Store& store)
        : store_(store),
          buffer_(options.buffer),
          listener_(listen_on(options.port, false)),
          all_(::epoll_create1(EPOLL_CLOEXEC)),
          bodies_(::epoll_create1(EPOLL_CLOEXEC)) {
        watch(all_, listener_, &listener_);
        watch(all_, bodies_, &bodies_);
        say_ready(listener_);
    }

    [[noreturn]] void run() {
        for (;;) {
            turn();
        }
    }

  private:
    static void watch(int set, int descriptor, void* mark) {
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = mark;
        if (::epoll_ctl(set, EPOLL_CTL_ADD, descriptor, &event) != 0) {
            die("epoll_ctl", errno);
        }
    }

    void turn() {
        std::array<epoll_event, 256> events;
        const int count = ::epoll_wait(all_, events.data(), static_cast<int>(events.size()), -1);
        bool has_bodies = false;
        for (int i = 0; i < count; ++i) {
            void* mark = events[static_cast<std::size_t>(i)].data.ptr;
            if (mark == &listener_) {
                accept_all();
            } else if (mark == &bodies_) {
                has_bodies = true;
            } else {
                serve(static_cast<Peer*>(mark));
            }
        }
        epoll_event one{};
        if (has_bodies && ::epoll_wait(bodies_, &one, 1, 0) == 1) {
            serve(static_cast<Peer*>(one.data.ptr));
        }
    }

    void accept_all() {
        for (;;) {
            const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (socket < 0) {
                return;
            }
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            auto peer = std::make_unique<Peer>(socket, store_);
            watch(all_, socket, peer.release());
        }
    }

    void serve(Peer* peer) {
        const bool is_well = peer->session.is_moving() ? move_piece(*peer) : take_requests(*peer);
        if (!is_well || !send_answers(peer->socket, peer->session)) {
            ::close(peer->socket);
            const std::unique_ptr<Peer> ended(peer);
            return;
        }
        if (peer->session.is_moving() != peer->is_among_bodies) {
            ::epoll_ctl(
                peer->is_among_bodies ? bodies_ : all_, EPOLL_CTL_DEL, peer->socket, nullptr
            );
            peer->is_among_bodies = !peer->is_among_bodies;
            watch(peer->is_among_bodies ? bodies_ : all_, peer->socket, peer);
        }
    }

    bool take_requests(Peer& peer) {
        std::array<char, 4096> bytes;
        const ssize_t count = ::recv(peer.socket, bytes.data(), bytes.size(), 0);
        if (count <= 0) {
            return count < 0 && errno == EAGAIN;
        }
        Session& session = peer.session;
        session.unread.append(bytes.data(), static_cast<std::size_t>(count));
        session.advance();
        if (session.is_moving() && !session.unread.empty()) {
            const auto part = std::min<std::uint64_t>(session.body.left, session.unread.size());
            store_piece(session, session.unread.data(), part);
            session.unread.erase(0, part);
            session.advance();
        }
        return true;
    }

    bool move_piece(Peer& peer) {
        const auto wanted = std::min<std::uint64_t>(peer.session.body.left, buffer_.size());
        const ssize_t count = ::recv(peer.socket, buffer_.data(), wanted, 0);
        if (count <= 0) {
            return count < 0 && errno == EAGAIN;
        }
        store_piece(peer.session, buffer_.data(), static_cast<std::uint64_t>(count));
        peer.session.advance();
        return true;
    }

    static void store_piece(Session& session, const char* bytes, std::uint64_t count) {
        if (session.body.file >= 0) {
            write_all(session.body.file, bytes, count, session.body.offset);
        }
        session.body.moved(count);
    }

    Store& store_;
    std::vector<char> buffer_;
    int listener_;
    int all_;
    int bodies_;
};

}  // namespace

void run_epoll(const Options& options, Store& store) {
    EpollEngine(options, store).run();
}

}  // namespace sluice::yardstick
