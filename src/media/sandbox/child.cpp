#include "media/sandbox/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <utility>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr std::size_t complaint_max = 4096;
constexpr std::size_t output_files_max = 1000;
// No limit of the kernel counts the threads of one process.
constexpr std::size_t threads_max = 1000;
constexpr auto tick = 250ms;

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

Result<Pipe> make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return system_error(errno, "pipe2");
    }
    return Pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
}

bool place_descriptors(int report, int complaint) {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    // High first, so that no dup2 below closes a source of a later one.
    const int report_end = ::fcntl(report, F_DUPFD_CLOEXEC, 10);
    const int complaint_end = ::fcntl(complaint, F_DUPFD_CLOEXEC, 10);
    return nothing >= 0 && report_end >= 0 && complaint_end >= 0 && ::dup2(nothing, 0) == 0 &&
           ::dup2(nothing, 1) == 1 && ::dup2(complaint_end, 2) == 2 &&
           ::dup2(report_end, child_report_descriptor) == child_report_descriptor;
}

struct Ends {
    int report;
    int complaint;
};

// noexcept: what the body throws ends this process, and does not go on into the parent's code.
[[noreturn]] void live(
    Sandbox& sandbox, const std::function<int()>& body, Ends ends, pid_t parent
) noexcept {
    ::setsid();
    ::umask(077);
    ::signal(SIGPIPE, SIG_DFL);
    const bool is_walled = place_descriptors(ends.report, ends.complaint) &&
                           ::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == parent &&
                           sandbox.enter(child_report_descriptor);
    ::_exit(is_walled ? body() : child_exit_not_started);
}

// The running child: killed with its whole session and waited for when this goes.
class Child {
  public:
    static Result<Child> start(Sandbox& sandbox, const std::function<int()>& body, Ends ends) {
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid < 0) {
            return system_error(errno, "fork");
        }
        if (pid == 0) {
            live(sandbox, body, ends, parent);
        }
        Child child(pid);
        if (child.ended_descriptor() < 0) {
            return system_error(errno, "pidfd_open");  // its end would go unnoticed
        }
        return child;
    }

    Child(Child&& other) noexcept
        : pid_(std::exchange(other.pid_, -1)), ended_(std::move(other.ended_)) {}
    Child& operator=(Child&&) = delete;
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            kill_group();
            wait();
        }
    }

    void kill_group() const {
        // The session may not exist yet right after fork; the process itself always does.
        ::kill(-pid_, SIGKILL);
        ::kill(pid_, SIGKILL);
    }

    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return status;
    }

    pid_t pid() const { return pid_; }
    int ended_descriptor() const { return ended_.get(); }

  private:
    explicit Child(pid_t pid)
        : pid_(pid), ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

    pid_t pid_;
    UniqueFd ended_;  // readable when the child is gone
};

bool is_overfull(const std::string& folder, ByteCount allowed) {
    std::error_code error;
    std::uint64_t bytes = 0;
    std::size_t files = 0;
    // A file that goes while it is looked at is no error of anybody.
    for (std::filesystem::recursive_directory_iterator entry(folder, error), end;
         !error && entry != end;
         entry.increment(error)) {
        struct stat facts{};
        if (::lstat(entry->path().c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) {
            constexpr std::uint64_t block_bytes = 512;  // whatever the file system's are
            bytes += std::max(
                static_cast<std::uint64_t>(facts.st_size),
                static_cast<std::uint64_t>(facts.st_blocks) * block_bytes
            );
        }
        ++files;
    }
    // What cannot be looked at is not trusted to be small.
    const bool is_hidden = error && error != std::errc::no_such_file_or_directory;
    return is_hidden || bytes > allowed.value || files > output_files_max;
}

// Where there is no /proc nobody can tell.
bool is_crowded(pid_t pid) {
    struct stat facts{};
    const auto threads = "/proc/" + std::to_string(pid) + "/task";
    return ::stat(threads.c_str(), &facts) == 0 && facts.st_nlink > 2 + threads_max;
}

// What flows while the child runs.
class Watcher {
  public:
    Watcher(const ChildWatch& watch, pid_t pid)
        : watch_(watch),
          pid_(pid),
          started_(Steady::now()),
          moved_at_(started_),
          ticked_at_(started_) {}

    // The reason to kill the child, once there is one.
    std::optional<ChildFate> verdict() {
        const auto now = Steady::now();
        if (has_babbled_) {
            return ChildFate::babbled;
        }
        if (now - started_ > watch_.wall_max) {
            return ChildFate::timed_out;
        }
        if (now - moved_at_ > watch_.stall_max) {
            return ChildFate::stalled;
        }
        return now - ticked_at_ >= tick ? ticked(now) : std::nullopt;
    }

    void report_bytes(std::string_view bytes) {
        const auto heard = has_babbled_ ? Heard::nonsense : watch_.on_report(bytes);
        has_babbled_ = heard == Heard::nonsense;
        if (heard == Heard::progress) {
            moved_at_ = Steady::now();
        }
    }

    void complaint_bytes(std::string_view bytes) {
        if (watch_.on_complaint) {
            watch_.on_complaint(bytes);
        }
        complaint_ += bytes;
        if (complaint_.size() > complaint_max) {
            complaint_.erase(0, complaint_.size() - complaint_max);
        }
    }

    bool has_babbled() const { return has_babbled_; }
    bool is_output_overfull() const {
        return !watch_.output_folder.empty() &&
               is_overfull(watch_.output_folder, watch_.output_bytes_max);
    }
    std::string take_complaint() { return std::move(complaint_); }

  private:
    std::optional<ChildFate> ticked(Steady::time_point now) {
        ticked_at_ = now;
        if (watch_.on_tick) {
            watch_.on_tick();
        }
        if (is_crowded(pid_)) {
            return ChildFate::crowded;
        }
        return is_output_overfull() ? std::optional(ChildFate::overfull) : std::nullopt;
    }

    const ChildWatch& watch_;
    pid_t pid_;
    Steady::time_point started_;
    Steady::time_point moved_at_;
    Steady::time_point ticked_at_;
    std::string complaint_;
    bool has_babbled_ = false;
};

// False at the end of the stream.
template <class Take>
bool drain(const UniqueFd& fd, const pollfd& polled, Take take) {
    if (polled.revents == 0) {
        return true;
    }
    char buffer[4096];
    const auto count = ::read(fd.get(), buffer, sizeof buffer);
    if (count > 0) {
        take(std::string_view(buffer, static_cast<std::size_t>(count)));
    }
    return count > 0 || (count < 0 && errno == EINTR);
}

// Runs until the child is gone (nothing) or must be killed (the reason).
std::optional<ChildFate> watch_child(
    Child& child, UniqueFd& report, UniqueFd& complaint, Watcher& watcher
) {
    while (true) {
        // stdin with no events asked: poll reports its hang-up all the same.
        std::array polled{
            pollfd{child.ended_descriptor(), POLLIN, 0},
            pollfd{report.get(), POLLIN, 0},
            pollfd{complaint.get(), POLLIN, 0},
            pollfd{STDIN_FILENO, 0, 0},
        };
        ::poll(polled.data(), polled.size(), static_cast<int>(tick.count()));
        if (!drain(report, polled[1], [&](auto bytes) { watcher.report_bytes(bytes); })) {
            report.reset();  // poll ignores a negative descriptor
        }
        if (!drain(complaint, polled[2], [&](auto bytes) { watcher.complaint_bytes(bytes); })) {
            complaint.reset();
        }
        // What the child wrote last is read before its end counts.
        if (polled[0].revents != 0 && polled[1].revents == 0 && polled[2].revents == 0) {
            return std::nullopt;
        }
        if ((polled[3].revents & (POLLHUP | POLLERR)) != 0) {
            return ChildFate::abandoned;
        }
        if (auto verdict = watcher.verdict()) {
            return verdict;
        }
    }
}

ChildEnd end_from(int status, std::optional<ChildFate> killed_for, std::string complaint) {
    if (killed_for) {
        return {*killed_for, SIGKILL, std::move(complaint)};
    }
    if (WIFSIGNALED(status)) {
        return {ChildFate::signalled, WTERMSIG(status), std::move(complaint)};
    }
    return {ChildFate::exited, WEXITSTATUS(status), std::move(complaint)};
}

}  // namespace

Result<ChildEnd> run_behind_walls(
    Sandbox sandbox, const std::function<int()>& body, const ChildWatch& watch
) {
    auto report = make_pipe();
    auto complaint = make_pipe();
    if (!report || !complaint) {
        return Error{.code = ErrorCode::internal, .detail = "no pipes for the child"};
    }
    auto child = Child::start(sandbox, body, {report->write.get(), complaint->write.get()});
    if (!child) {
        return std::move(child).error();
    }
    report->write.reset();
    complaint->write.reset();
    Watcher watcher(watch, child->pid());
    auto killed_for = watch_child(*child, report->read, complaint->read, watcher);
    if (killed_for) {
        child->kill_group();
    }
    const int status = child->wait();
    if (!killed_for && watcher.has_babbled()) {
        killed_for = ChildFate::babbled;
    } else if (!killed_for && watcher.is_output_overfull()) {
        killed_for = ChildFate::overfull;
    }
    return end_from(status, killed_for, watcher.take_complaint());
}

}  // namespace sluice
