#include "processing/worker_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>

namespace sluice {
namespace {

struct SpawnActions {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    SpawnActions() {
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawnattr_init(&attributes);
    }
    SpawnActions(const SpawnActions&) = delete;
    SpawnActions& operator=(const SpawnActions&) = delete;
    ~SpawnActions() {
        ::posix_spawn_file_actions_destroy(&actions);
        ::posix_spawnattr_destroy(&attributes);
    }
};

// Own group (so that a signal from the terminal reaches the server alone), default signals, no
// descriptor but 0, 1 and 2.
void prepare(SpawnActions& spawn, int orders, int answers) {
    ::posix_spawn_file_actions_adddup2(&spawn.actions, orders, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&spawn.actions, answers, STDOUT_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&spawn.actions, STDERR_FILENO + 1);
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&spawn.attributes, &none);
    ::posix_spawnattr_setsigdefault(&spawn.attributes, &all);
    ::posix_spawnattr_setpgroup(&spawn.attributes, 0);
    ::posix_spawnattr_setflags(
        &spawn.attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    );
}

Result<std::pair<UniqueFd, UniqueFd>> make_channel(bool is_socket) {
    int ends[2];
    // A socket for the orders: send() can say MSG_NOSIGNAL, write() to a pipe cannot.
    const int made = is_socket ? ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)
                               : ::pipe2(ends, O_CLOEXEC);
    if (made != 0) {
        return system_error(errno, "channel to the worker");
    }
    return std::pair{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

Error gone(std::string detail) {
    return {.code = ErrorCode::internal, .detail = std::move(detail)};
}

std::string death_of(int status) {
    return WIFSIGNALED(status) ? "signal " + std::to_string(WTERMSIG(status))
                               : "exit " + std::to_string(WEXITSTATUS(status));
}

}  // namespace

Result<WorkerProcess> WorkerProcess::start(
    const std::string& program, const std::vector<std::string>& arguments
) {
    auto orders = make_channel(true);
    auto answers = make_channel(false);
    if (!orders || !answers) {
        return gone("no descriptors for the worker");
    }
    SpawnActions spawn;
    prepare(spawn, orders->first.get(), answers->second.get());
    std::vector<std::string> words{"sluice-worker"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (auto& word : words) {
        pointers.push_back(word.data());
    }
    pointers.push_back(nullptr);
    std::string path = "PATH=/usr/bin:/bin";
    std::string language = "LC_ALL=C.UTF-8";
    std::array<char*, 3> environment{path.data(), language.data(), nullptr};
    pid_t pid = -1;
    const int error = ::posix_spawn(
        &pid,
        program.c_str(),
        &spawn.actions,
        &spawn.attributes,
        pointers.data(),
        environment.data()
    );
    if (error != 0) {
        return gone("cannot start " + program + ": errno " + std::to_string(error));
    }
    return WorkerProcess(pid, std::move(orders->second), std::move(answers->first));
}

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      orders_(std::move(other.orders_)),
      answers_(std::move(other.answers_)),
      buffer_(std::move(other.buffer_)) {}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
    std::swap(pid_, other.pid_);
    std::swap(orders_, other.orders_);
    std::swap(answers_, other.answers_);
    std::swap(buffer_, other.buffer_);
    return *this;
}

WorkerProcess::~WorkerProcess() {
    kill();
}

Result<void> WorkerProcess::send(const JobOrder& order) {
    const auto line = encode(order);
    std::size_t sent = 0;
    while (sent < line.size()) {
        const auto count =
            ::send(orders_.get(), line.data() + sent, line.size() - sent, MSG_NOSIGNAL);
        if (count < 0 && errno != EINTR) {
            return gone("the worker takes no orders");
        }
        sent += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
    return ok();
}

Result<std::vector<WorkerReport>> WorkerProcess::reports(
    int interrupt, std::chrono::milliseconds wait_max
) {
    std::array polled{
        pollfd{answers_.get(), POLLIN, 0},
        pollfd{interrupt, POLLIN, 0},
    };
    const auto wait = static_cast<int>(std::max<std::int64_t>(wait_max.count(), 0));
    ::poll(polled.data(), polled.size(), wait);
    if (polled[0].revents != 0) {
        if (auto read = read_more(); !read) {
            return std::move(read).error();
        }
    }
    return take_lines();
}

Result<void> WorkerProcess::read_more() {
    char bytes[16 * 1024];
    const auto count = ::read(answers_.get(), bytes, sizeof bytes);
    if (count == 0 || (count < 0 && errno != EINTR)) {
        return gone("the worker ended");
    }
    if (count > 0) {
        buffer_.append(bytes, static_cast<std::size_t>(count));
    }
    return ok();
}

Result<std::vector<WorkerReport>> WorkerProcess::take_lines() {
    std::vector<WorkerReport> reports;
    std::size_t start = 0;
    for (auto end = buffer_.find('\n'); end != std::string::npos; end = buffer_.find('\n', start)) {
        auto report = decode_report(std::string_view(buffer_).substr(start, end - start));
        if (!report) {
            return std::move(report).error();
        }
        reports.push_back(*std::move(report));
        start = end + 1;
    }
    buffer_.erase(0, start);
    if (buffer_.size() > worker_line_max) {
        return gone("the worker wrote a line without an end");
    }
    return reports;
}

Result<std::string> WorkerProcess::text_to_the_end(std::chrono::milliseconds wait_max) {
    const auto ends = std::chrono::steady_clock::now() + wait_max;
    while (buffer_.size() <= worker_line_max) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            ends - std::chrono::steady_clock::now()
        );
        pollfd polled{answers_.get(), POLLIN, 0};
        if (left.count() <= 0 || ::poll(&polled, 1, static_cast<int>(left.count())) == 0) {
            return gone("the worker did not answer in time");
        }
        if (!read_more()) {
            return std::exchange(buffer_, {});
        }
    }
    return gone("the worker wrote too much");
}

bool WorkerProcess::has_exited() {
    // WNOWAIT: the process stays to be waited for by kill().
    siginfo_t info{};
    return pid_ < 0 ||
           ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid_;
}

std::string WorkerProcess::kill() {
    if (pid_ < 0) {
        return "not running";
    }
    const bool was_alive = !has_exited();
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    orders_.reset();
    answers_.reset();
    return was_alive ? "killed" : death_of(status);
}

}  // namespace sluice
