// Waits for a socket by a set that the loop keeps beside Asio's reactor. The kernel tells of each arrival once, and until it
// does a socket that was read to its end is not asked again: Asio looks before each wait, or renews it, which is a system call
// in three of a short request. All that is ready in a round goes on right away, without a queue between. On the thread of the
// loop only.
#pragma once

#include <sys/types.h>

#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>

namespace sluice::runtime {

class SocketSet;

class WatchedSocket {
    enum class Kind : std::uint8_t { none, read, write };
    using Resume = std::move_only_function<void(bool)>;

    auto wait_for(Kind kind) {
        auto start = [this, kind](auto handler) {
            auto slot = boost::asio::get_associated_cancellation_slot(handler);
            begin_wait(kind, Resume(std::move(handler)), slot);
        };
        return boost::asio::async_initiate<const boost::asio::deferred_t&, void(bool)>(
            std::move(start), boost::asio::deferred
        );
    }

  public:
    // `socket` does not block, and is closed after this object's end.
    WatchedSocket(boost::asio::io_context& loop, int socket);
    ~WatchedSocket();
    WatchedSocket(const WatchedSocket&) = delete;
    WatchedSocket& operator=(const WatchedSocket&) = delete;

    // False: there is nothing to read, unless the kernel is about to tell of it.
    bool may_read() const { return may_read_; }
    // After each read: what the system call gave, of how much room.
    void note_read(ssize_t got, std::size_t room);
    // After a look that found nothing.
    void note_nothing_there() { may_read_ = has_ended_; }

    // To be awaited at once, by one at a time; readable() is dear if may_read() is true already. True: a read, or a write, may
    // give something (an error, too). False: cancelled.
    auto readable() { return wait_for(Kind::read); }
    auto writable() { return wait_for(Kind::write); }
    // Until wake() the kernel tells of what comes only to whoever waits for it, a system call for each wait: for a socket
    // whose bytes come all the time, and are waited for now and then.
    void rest();
    void wake();

    // To be awaited at once: ends when all that was ready in this round of the loop has gone on once.
    auto end_of_round() {
        return boost::asio::async_initiate<const boost::asio::deferred_t&, void()>(
            [this](auto handler) { begin_end(std::move(handler)); }, boost::asio::deferred
        );
    }
    // Ends readable() or writable().
    void cancel();

  private:
    friend class SocketSet;

    void begin_wait(Kind kind, Resume resume, boost::asio::cancellation_slot slot);
    void begin_end(std::move_only_function<void()> resume);
    void note_told(std::uint32_t events);
    void watch_once();

    SocketSet& set_;
    const int socket_;
    bool may_read_ = false;
    bool is_resting_ = false;
    bool has_ended_ = false;  // or is broken: every read gives something
    Kind awaited_ = Kind::none;
    boost::asio::cancellation_slot slot_;
    Resume resume_;
    WatchedSocket* before_ = nullptr;  // in the set
    WatchedSocket* behind_ = nullptr;
};

}  // namespace sluice::runtime
