#include "media/worker/launcher.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <optional>
#include <vector>

#include "base/unique_fd.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr int progress_descriptor = 3;
constexpr std::size_t complaint_max = 4096;
constexpr auto tick = 250ms;

// Section 9.2 of the reference: enough for 4K 10 bit HEVC; DATA rather than AS, which counts shared
// objects too.
constexpr rlim_t data_max = 1ULL << 30;
constexpr rlim_t stack_max = 1ULL << 20;
constexpr rlim_t descriptors_max = 64;
constexpr int niceness = 10;

constexpr int exit_not_started = 127;

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

// Everything the child needs is made before fork: between fork and exec only system calls are
// allowed.
struct Prepared {
    const char* program;
    std::vector<char*> arguments;
    std::array<char*, 4> environment;
    int progress;
    int complaint;
    pid_t parent;
    rlim_t file_bytes_max;
    rlim_t cpu_seconds_max;
};

void limit(__rlimit_resource resource, rlim_t value) {
    const rlimit both{value, value};
    if (::setrlimit(resource, &both) != 0) {
        ::_exit(exit_not_started);
    }
}

void place_descriptors(const Prepared& child) {
    const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    // Above 3 first, so that no dup2 below closes a source of a later one.
    const int progress = ::fcntl(child.progress, F_DUPFD_CLOEXEC, 10);
    const int complaint = ::fcntl(child.complaint, F_DUPFD_CLOEXEC, 10);
    if (nothing < 0 || progress < 0 || complaint < 0) {
        ::_exit(exit_not_started);
    }
    ::dup2(nothing, 0);
    ::dup2(nothing, 1);
    ::dup2(complaint, 2);
    ::dup2(progress, progress_descriptor);
    ::syscall(SYS_close_range, progress_descriptor + 1, ~0U, 0);
}

[[noreturn]] void become(const Prepared& child) {
    ::setsid();
    place_descriptors(child);
    ::umask(077);
    ::setpriority(PRIO_PROCESS, 0, niceness);
    limit(RLIMIT_CORE, 0);
    limit(RLIMIT_DATA, data_max);
    limit(RLIMIT_STACK, stack_max);
    limit(RLIMIT_NOFILE, descriptors_max);
    limit(RLIMIT_FSIZE, child.file_bytes_max);
    limit(RLIMIT_CPU, child.cpu_seconds_max);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != child.parent || ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        ::_exit(exit_not_started);
    }
    ::execve(child.program, child.arguments.data(), const_cast<char**>(child.environment.data()));
    ::_exit(exit_not_started);
}

std::vector<char*> pointers_to(const Arguments& arguments) {
    std::vector<char*> pointers;
    for (const auto& argument : arguments) {
        pointers.push_back(const_cast<char*>(argument.c_str()));  // execve does not write to them
    }
    pointers.push_back(nullptr);
    return pointers;
}

// The running child: killed with its whole session and waited for when this goes.
class Child {
  public:
    static Result<Child> start(const ChildCommand& command, int progress, int complaint) {
        static char path[] = "PATH=/usr/bin:/bin";
        static char language[] = "LC_ALL=C.UTF-8";
        static char arenas[] = "MALLOC_ARENA_MAX=2";
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(command.wall_max).count();
        const Prepared prepared{
            .program = command.program.c_str(),
            .arguments = pointers_to(command.arguments),
            .environment = {path, language, arenas, nullptr},
            .progress = progress,
            .complaint = complaint,
            .parent = ::getpid(),
            .file_bytes_max = command.file_bytes_max.value,
            .cpu_seconds_max = static_cast<rlim_t>(seconds + 1) * std::max(command.cores, 1U),
        };
        const pid_t pid = ::fork();
        if (pid < 0) {
            return system_error(errno, "fork");
        }
        if (pid == 0) {
            become(prepared);
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

    int ended_descriptor() const { return ended_.get(); }

  private:
    explicit Child(pid_t pid)
        : pid_(pid), ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}

    pid_t pid_;
    UniqueFd ended_;  // readable when the child is gone
};

// What flows while the child runs.
class Watch {
  public:
    Watch(const ChildCommand& command, const OnPosition& on_position)
        : command_(command),
          on_position_(on_position),
          started_(Steady::now()),
          moved_at_(started_),
          told_at_(started_) {}

    // The reason to kill the child, once there is one.
    std::optional<ChildFate> overdue() const {
        const auto now = Steady::now();
        if (now - started_ > command_.wall_max) {
            return ChildFate::timed_out;
        }
        return now - moved_at_ > command_.stall_max ? std::optional(ChildFate::stalled)
                                                    : std::nullopt;
    }

    void progress_bytes(std::string_view bytes) {
        reader_.feed(bytes);
        const auto position = reader_.out_time().value_or(0ms);
        if (position != position_) {
            position_ = position;
            moved_at_ = Steady::now();
        }
    }

    void complaint_bytes(std::string_view bytes) {
        complaint_ += bytes;
        if (complaint_.size() > complaint_max) {
            complaint_.erase(0, complaint_.size() - complaint_max);
        }
    }

    void tell() {
        if (Steady::now() - told_at_ >= tick) {
            told_at_ = Steady::now();
            on_position_(position_);
        }
    }

    std::string take_complaint() { return std::move(complaint_); }

  private:
    const ChildCommand& command_;
    const OnPosition& on_position_;
    Steady::time_point started_;
    Steady::time_point moved_at_;
    Steady::time_point told_at_;
    ProgressReader reader_;
    std::chrono::milliseconds position_{0};
    std::string complaint_;
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
    Child& child, UniqueFd& progress, UniqueFd& complaint, Watch& watch
) {
    while (true) {
        // stdin with no events asked: poll reports its hang-up all the same.
        std::array polled{
            pollfd{child.ended_descriptor(), POLLIN, 0},
            pollfd{progress.get(), POLLIN, 0},
            pollfd{complaint.get(), POLLIN, 0},
            pollfd{STDIN_FILENO, 0, 0},
        };
        ::poll(polled.data(), polled.size(), static_cast<int>(tick.count()));
        if (!drain(progress, polled[1], [&](auto bytes) { watch.progress_bytes(bytes); })) {
            progress.reset();  // poll ignores a negative descriptor
        }
        if (!drain(complaint, polled[2], [&](auto bytes) { watch.complaint_bytes(bytes); })) {
            complaint.reset();
        }
        watch.tell();
        // What the child wrote last is read before its end counts.
        if (polled[0].revents != 0 && polled[1].revents == 0 && polled[2].revents == 0) {
            return std::nullopt;
        }
        if ((polled[3].revents & (POLLHUP | POLLERR)) != 0) {
            return ChildFate::abandoned;
        }
        if (auto overdue = watch.overdue()) {
            return overdue;
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

Result<ChildEnd> run_child(const ChildCommand& command, const OnPosition& on_position) {
    auto progress = make_pipe();
    auto complaint = make_pipe();
    if (!progress || !complaint) {
        return Error{.code = ErrorCode::internal, .detail = "no pipes for the child"};
    }
    auto child = Child::start(command, progress->write.get(), complaint->write.get());
    if (!child) {
        return std::move(child).error();
    }
    progress->write.reset();
    complaint->write.reset();
    Watch watch(command, on_position);
    const auto killed_for = watch_child(*child, progress->read, complaint->read, watch);
    if (killed_for) {
        child->kill_group();
    }
    const int status = child->wait();
    return end_from(status, killed_for, watch.take_complaint());
}

}  // namespace sluice
