// The ways `direct` and `packed`: everything by io_uring. A connection inside a body holds two
// registered buffers: one is filled from the socket while the other is written.
#include <liburing.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "yardstick/engines.hpp"
#include "yardstick/session.hpp"
#include "yardstick/socket.hpp"

namespace sluice::yardstick {
namespace {

constexpr unsigned buffers_max = 128;
constexpr std::uint64_t block = 4096;

struct Slot {
    unsigned buffer = 0;  // registered, by its number
    std::uint64_t filled = 0;
    bool is_busy = false;
};

struct Peer {
    Peer(int given, Store& store) : socket(given), session(store) {}
    int socket;
    Session session;
    std::array<char, 4096> head;
    std::array<Slot, 2> slots;
    unsigned next = 0;  // slot of the next receive
    bool has_buffers = false;
    bool is_receiving = false;
    bool is_gone = false;
    unsigned under_way = 0;
};

// What a completion is of; in the low bits of the peer's address.
enum class What : std::uint64_t { accept, head, receive_0, receive_1, write_0, write_1, sync };

class UringEngine {
  public:
    UringEngine(const Options& options, Store& store) : store_(store), size_(options.buffer) {
        set_up_ring();
        register_buffers();
        listener_ = listen_on(options.port, true);
        say_ready(listener_);
    }

    [[noreturn]] void run() {
        accept_more();
        for (;;) {
            ::io_uring_submit_and_wait(&ring_, 1);
            io_uring_cqe* completion = nullptr;
            unsigned head = 0;
            unsigned count = 0;
            io_uring_for_each_cqe(&ring_, head, completion) {
                ++count;
                take(*completion);
            }
            ::io_uring_cq_advance(&ring_, count);
            begin_sync();
        }
    }

  private:
    void set_up_ring() {
        io_uring_params parameters{};
        parameters.flags =
            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE;
        parameters.cq_entries = 16384;
        const int result = ::io_uring_queue_init_params(1024, &ring_, &parameters);
        if (result < 0) {
            die("io_uring", -result);
        }
    }

    void register_buffers() {
        const std::size_t bytes = size_ * buffers_max;
        void* mapped =
            ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapped == MAP_FAILED) {
            die("mmap", errno);
        }
        ::madvise(mapped, bytes, MADV_HUGEPAGE);
        pool_ = static_cast<char*>(mapped);
        std::vector<iovec> buffers;
        for (unsigned i = 0; i < buffers_max; ++i) {
            buffers.push_back({pool_ + i * size_, size_});
            free_.push_back(i);
        }
        const int result = ::io_uring_register_buffers(&ring_, buffers.data(), buffers_max);
        if (result < 0) {
            die("register buffers", -result);
        }
    }

    io_uring_sqe* entry() {
        io_uring_sqe* entry = ::io_uring_get_sqe(&ring_);
        if (entry == nullptr) {
            ::io_uring_submit(&ring_);
            entry = ::io_uring_get_sqe(&ring_);
        }
        return entry;
    }
    // After the entry was prepared: some versions of liburing clear the mark.
    static void mark(io_uring_sqe* entry, Peer* peer, What what) {
        ::io_uring_sqe_set_data64(
            entry, reinterpret_cast<std::uint64_t>(peer) | static_cast<std::uint64_t>(what)
        );
        if (peer != nullptr) {
            ++peer->under_way;
        }
    }

    void accept_more() {
        io_uring_sqe* sqe = entry();
        ::io_uring_prep_multishot_accept(sqe, listener_, nullptr, nullptr, SOCK_CLOEXEC);
        mark(sqe, nullptr, What::accept);
    }
    void accepted(int socket, bool goes_on) {
        if (socket >= 0) {
            const int on = 1;
            ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            receive_head(*std::make_unique<Peer>(socket, store_).release());
        }
        if (!goes_on) {
            accept_more();
        }
    }

    void receive_head(Peer& peer) {
        peer.is_receiving = true;
        io_uring_sqe* sqe = entry();
        ::io_uring_prep_recv(sqe, peer.socket, peer.head.data(), peer.head.size(), 0);
        mark(sqe, &peer, What::head);
    }

    // The buffers are a bound on memory: who finds none waits for its turn.
    bool take_buffers(Peer& peer) {
        if (peer.has_buffers) {
            return true;
        }
        if (free_.size() < peer.slots.size()) {
            waiting_.push_back(&peer);
            return false;
        }
        for (Slot& slot : peer.slots) {
            slot = {.buffer = free_.back()};
            free_.pop_back();
        }
        peer.has_buffers = true;
        return true;
    }
    void give_buffers_back(Peer& peer) {
        if (!std::exchange(peer.has_buffers, false)) {
            return;
        }
        for (const Slot& slot : peer.slots) {
            free_.push_back(slot.buffer);
        }
        if (!waiting_.empty()) {
            Peer& next = *waiting_.front();
            waiting_.pop_front();
            go_on(next);
        }
    }
    char* bytes_of(const Slot& slot) { return pool_ + slot.buffer * size_; }

    void receive_body(Peer& peer) {
        Session& session = peer.session;
        while (session.is_moving() && !peer.is_receiving && !peer.slots[peer.next].is_busy) {
            const unsigned number = peer.next;
            Slot& slot = peer.slots[number];
            peer.next ^= 1U;
            slot.is_busy = true;
            const auto wanted = std::min<std::uint64_t>(session.body.left, size_);
            // Some of it came with the head.
            slot.filled = std::min<std::uint64_t>(wanted, session.unread.size());
            std::memcpy(bytes_of(slot), session.unread.data(), slot.filled);
            session.unread.erase(0, slot.filled);
            if (slot.filled == wanted) {
                write(peer, number);
                continue;
            }
            peer.is_receiving = true;
            io_uring_sqe* sqe = entry();
            ::io_uring_prep_recv(
                sqe, peer.socket, bytes_of(slot) + slot.filled, wanted - slot.filled, MSG_WAITALL
            );
            mark(sqe, &peer, number == 0 ? What::receive_0 : What::receive_1);
        }
    }

    void write(Peer& peer, unsigned number) {
        Slot& slot = peer.slots[number];
        Body& body = peer.session.body;
        const std::uint64_t offset = body.offset;
        std::uint64_t count = slot.filled;
        body.moved(count);
        if (store_.is_packed()) {
            count = (count + block - 1) / block * block;  // the rest of its last block is its own
        } else if (count % block != 0 || offset % block != 0) {
            write_unaligned(body.file, bytes_of(slot), count, offset);
            slot.is_busy = false;
            return;
        }
        ++peer.session.writes_under_way;
        io_uring_sqe* sqe = entry();
        ::io_uring_prep_write_fixed(
            sqe,
            body.file,
            bytes_of(slot),
            static_cast<unsigned>(count),
            offset,
            static_cast<int>(slot.buffer)
        );
        mark(sqe, &peer, number == 0 ? What::write_0 : What::write_1);
    }

    void go_on(Peer& peer) {
        Session& session = peer.session;
        session.advance();
        while (session.is_moving() && !peer.is_gone) {
            if (!take_buffers(peer)) {
                return;
            }
            receive_body(peer);
            if (session.is_moving()) {
                return;
            }
            session.advance();
        }
        if (session.writes_under_way == 0) {
            give_buffers_back(peer);
        }
        if (session.waits_for_sync()) {
            to_sync_.push_back(&peer);
            ++peer.under_way;
            return;
        }
        peer.is_gone = peer.is_gone || !send_answers(peer.socket, session);
        if (!peer.is_receiving && !peer.is_gone && session.writes_under_way == 0) {
            receive_head(peer);
        }
    }

    // One sync for all that wait when it begins, and one block that stands for their records.
    void begin_sync() {
        if (!syncing_.empty() || to_sync_.empty()) {
            return;
        }
        syncing_.swap(to_sync_);
        io_uring_sqe* record = entry();
        const std::uint64_t offset = store_.reserve(block);
        ::io_uring_prep_write(record, store_.packed_file(), pool_, block, offset);
        record->flags |= IOSQE_IO_LINK;
        ::io_uring_sqe_set_data64(record, static_cast<std::uint64_t>(What::write_0));
        io_uring_sqe* sync = entry();
        ::io_uring_prep_fsync(sync, store_.packed_file(), IORING_FSYNC_DATASYNC);
        mark(sync, nullptr, What::sync);
    }
    void end_sync() {
        for (Peer* peer : std::exchange(syncing_, {})) {
            --peer->under_way;
            peer->session.synced();
            go_on(*peer);
            drop_if_gone(peer);
        }
    }

    void take(const io_uring_cqe& completion) {
        const std::uint64_t data = completion.user_data;
        auto* peer = reinterpret_cast<Peer*>(data & ~std::uint64_t{7});
        const auto what = static_cast<What>(data & 7);
        if (what == What::accept) {
            accepted(completion.res, (completion.flags & IORING_CQE_F_MORE) != 0);
        } else if (what == What::sync) {
            must_be_well(completion.res);
            end_sync();
        } else if (peer == nullptr) {
            must_be_well(completion.res);
        } else {
            --peer->under_way;
            take_of_peer(*peer, what, completion.res);
            drop_if_gone(peer);
        }
    }

    void take_of_peer(Peer& peer, What what, int result) {
        if (what == What::write_0 || what == What::write_1) {
            must_be_well(result);
            peer.slots[what == What::write_0 ? 0 : 1].is_busy = false;
            --peer.session.writes_under_way;
        } else {
            peer.is_receiving = false;
            peer.is_gone = peer.is_gone || result <= 0;
            if (what == What::head && result > 0) {
                peer.session.unread.append(peer.head.data(), static_cast<std::size_t>(result));
            } else if (result > 0) {
                const unsigned number = what == What::receive_0 ? 0 : 1;
                peer.slots[number].filled += static_cast<std::uint64_t>(result);
                write(peer, number);
            }
        }
        if (!peer.is_gone) {
            go_on(peer);
        }
    }

    static void must_be_well(int result) {
        if (result < 0) {
            die("io_uring", -result);
        }
    }
    void drop_if_gone(Peer* peer) {
        if (!peer->is_gone || peer->under_way > 0) {
            return;
        }
        std::erase(waiting_, peer);
        give_buffers_back(*peer);
        ::close(peer->socket);
        const std::unique_ptr<Peer> ended(peer);
    }

    Store& store_;
    std::size_t size_;
    io_uring ring_{};
    char* pool_ = nullptr;
    int listener_ = -1;
    std::vector<unsigned> free_;
    std::deque<Peer*> waiting_;
    std::vector<Peer*> to_sync_;
    std::vector<Peer*> syncing_;
};

}  // namespace

void run_uring(const Options& options, Store& store) {
    UringEngine(options, store).run();
}

}  // namespace sluice::yardstick
