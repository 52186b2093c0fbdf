#include "runtime/log_outlet.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <csignal>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>

#include "base/release_memory.hpp"

namespace sluice::runtime {
namespace {

using Clock = std::chrono::steady_clock;

// Behind a write: what comes meanwhile goes out together, on a busy server a call of the system for hundreds of lines,
// and nobody has to wake the thread.
constexpr std::chrono::milliseconds pause{5};
constexpr std::size_t kept_bytes_max = 512 << 10;
// Between two looks whether the end has come, while nobody reads.
constexpr std::chrono::milliseconds look_again{50};

bool is_regular_file(int descriptor) {
    struct stat status{};
    return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

std::uint64_t lines_in(std::string_view text) {
    return static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
}

// Into a pipe so much at once that it is not torn by what others write.
std::size_t piece_of(std::string_view lines, bool is_file) {
    if (is_file || lines.size() <= PIPE_BUF) {
        return lines.size();
    }
    const auto end = lines.rfind('\n', PIPE_BUF - 1);
    return end == std::string_view::npos ? lines.find('\n') + 1 : end + 1;
}

// A reader that is gone is an error of write(2), not the end of the process.
void block_pipe_signal() {
    sigset_t signals;
    ::sigemptyset(&signals);
    ::sigaddset(&signals, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

}  // namespace

struct LogOutlet::State {
    explicit State(int to) : descriptor(to), is_file(is_regular_file(to)) {}

    void run();
    void wait_for_lines(std::unique_lock<std::mutex>& lock);
    bool is_seen_settled();
    bool write_all(std::string_view lines);
    bool say_what_was_lost();
    ssize_t write_some(std::string_view piece);
    ssize_t write_now(std::string_view piece);
    bool wait_for_room() const;
    bool has_given_up();

    const int descriptor;
    const bool is_file;
    // Of the thread alone.
    std::uint64_t lost = 0;  // lines, since it was said
    bool is_torn = false;    // an error came in the middle of a line
    bool can_refuse = true;  // the kernel knows writes here that do not wait

    std::mutex mutex;  // guards all below
    std::condition_variable changed;
    std::condition_variable finished;
    std::string waiting;
    std::uint64_t dropped = 0;  // lines, of which the thread does not know yet
    bool is_idle = false;       // the thread waits for the first line
    bool is_writing = false;    // what is no longer in `waiting` may not be out yet
    bool is_ending = false;
    bool is_finished = false;
    Clock::time_point gives_up_at;  // when it is ending
};

LogOutlet::LogOutlet(int descriptor)
    : state_(std::make_shared<State>(descriptor)), thread_([state = state_] { state->run(); }) {}

LogOutlet::~LogOutlet() {
    std::unique_lock lock(state_->mutex);
    state_->is_ending = true;
    state_->gives_up_at = Clock::now() + patience;
    state_->changed.notify_one();
    const bool has_ended = state_->finished.wait_for(lock, patience + 4 * look_again, [this] {
        return state_->is_finished;
    });
    lock.unlock();
    if (has_ended) {
        thread_.join();
    } else {
        thread_.detach();  // a write(2) that never returns, as to a stopped terminal
    }
}

void LogOutlet::take(std::string_view lines, bool is_grave) {
    bool wakes = false;
    {
        const std::lock_guard lock(state_->mutex);
        const std::size_t most = waiting_max + (is_grave ? grave_reserve : 0);
        if (state_->waiting.size() + lines.size() > most) {
            state_->dropped += lines_in(lines);
            return;
        }
        state_->waiting += lines;
        wakes = std::exchange(state_->is_idle, false);
    }
    if (wakes) {
        state_->changed.notify_one();
    }
}

void LogOutlet::settle() {
    if (std::this_thread::get_id() == thread_.get_id()) {
        return;
    }
    for (const auto until = Clock::now() + patience; Clock::now() < until;) {
        if (state_->is_seen_settled()) {
            return;
        }
        std::this_thread::sleep_for(pause);
    }
}

bool LogOutlet::State::is_seen_settled() {
    const std::unique_lock lock(mutex, std::try_to_lock);
    return lock && waiting.empty() && !is_writing;
}

void LogOutlet::State::wait_for_lines(std::unique_lock<std::mutex>& lock) {
    changed.wait_for(lock, pause, [this] { return is_ending; });
    if (waiting.empty()) {
        is_idle = true;
        changed.wait(lock, [this] { return !waiting.empty() || is_ending; });
        is_idle = false;
    }
}

void LogOutlet::State::run() {
    block_pipe_signal();
    std::string lines;
    std::unique_lock lock(mutex);
    // What could not be written is said with the next lines; at the end nothing is tried again.
    for (bool is_out = true; !is_ending || (is_out && !waiting.empty());) {
        wait_for_lines(lock);
        std::swap(lines, waiting);
        lost += std::exchange(dropped, 0);  // after those lines
        is_writing = true;
        lock.unlock();
        is_out = write_all(lines) && say_what_was_lost();
        lines.clear();  // the next ones take its memory, unless it is much
        if (lines.capacity() > kept_bytes_max) {
            release_memory(lines);
        }
        lock.lock();
        is_writing = false;
        is_out = is_out || !is_ending;
    }
    is_finished = true;
    finished.notify_all();
}

// False: the rest is not written, and counts as dropped.
bool LogOutlet::State::write_all(std::string_view lines) {
    bool is_within = false;  // a line
    if (is_torn && !lines.empty()) {
        is_torn = write_some("\n") <= 0;
    }
    while (!lines.empty()) {
        const auto written = is_torn ? -1 : write_some(lines.substr(0, piece_of(lines, is_file)));
        if (written <= 0) {
            lost += lines_in(lines);
            is_torn = is_torn || is_within;
            return false;
        }
        is_within = lines[static_cast<std::size_t>(written) - 1] != '\n';
        lines.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

bool LogOutlet::State::say_what_was_lost() {
    const std::uint64_t count = std::exchange(lost, 0);
    if (count == 0) {
        return true;
    }
    const bool is_said = write_all(log::line_of(
        log::Level::warning,
        "log_lines_lost",
        "the log did not take lines for a while",
        {{"lines", count}}
    ));
    lost = is_said ? 0 : count;  // without itself
    return is_said;
}

// Waits until some of it is written. Not above 0: none of it will be.
ssize_t LogOutlet::State::write_some(std::string_view piece) {
    auto written = write_now(piece);
    while (written < 0 && (errno == EINTR || (errno == EAGAIN && !has_given_up()))) {
        if (errno == EAGAIN) {
            wait_for_room();
        }
        written = write_now(piece);
    }
    return written;
}

// Never waits for who reads where the kernel can promise it; else it looks for room first, which others may take.
ssize_t LogOutlet::State::write_now(std::string_view piece) {
    if (is_file) {
        return ::write(descriptor, piece.data(), piece.size());
    }
    if (can_refuse) {
        const iovec whole{.iov_base = const_cast<char*>(piece.data()), .iov_len = piece.size()};
        const auto written = ::pwritev2(descriptor, &whole, 1, -1, RWF_NOWAIT);
        if (written >= 0 || errno == EAGAIN || errno == EINTR) {
            return written;
        }
        can_refuse = false;  // or another error, which write(2) tells again
    }
    if (!wait_for_room()) {
        errno = EAGAIN;
        return -1;
    }
    return ::write(descriptor, piece.data(), std::min<std::size_t>(piece.size(), PIPE_BUF));
}

// False: after a moment there is none.
bool LogOutlet::State::wait_for_room() const {
    pollfd wanted{.fd = descriptor, .events = POLLOUT, .revents = 0};
    return ::poll(&wanted, 1, static_cast<int>(look_again.count())) > 0;
}

bool LogOutlet::State::has_given_up() {
    const std::lock_guard lock(mutex);
    return is_ending && Clock::now() >= gives_up_at;
}

}  // namespace sluice::runtime
