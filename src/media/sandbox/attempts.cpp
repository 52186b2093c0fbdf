#include "media/sandbox/attempts.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace sluice::test {
namespace {

int outcome(long result) {
    return result < 0 ? errno : 0;
}

int open_and_close(const std::string& path, int flags) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    const int how = outcome(fd);
    if (fd >= 0) {
        ::close(fd);
    }
    return how;
}

int list(const char* folder) {
    DIR* opened = ::opendir(folder);
    if (opened == nullptr) {
        return errno;
    }
    ::closedir(opened);
    return 0;
}

int open_socket(int family, int type) {
    const int fd = ::socket(family, type | SOCK_CLOEXEC, 0);
    const int how = outcome(fd);
    if (fd >= 0) {
        ::close(fd);
    }
    return how;
}

// A process that was made after all ends at once and is waited for.
int made_process(long pid) {
    if (pid == 0) {
        ::_exit(0);
    }
    if (pid < 0) {
        return errno;
    }
    ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
    return 0;
}

int send_datagram(const Room&) {
    const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return errno;
    }
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_port = htons(9);
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto sent =
        ::sendto(fd, "x", 1, 0, reinterpret_cast<const sockaddr*>(&there), sizeof there);
    const int how = outcome(sent);
    ::close(fd);
    return how;
}

// Executes in a thread's stead: only if that succeeds the process is another one.
int run_program(const char* program) {
    const char* const arguments[] = {program, nullptr};
    ::execve(program, const_cast<char* const*>(arguments), nullptr);
    return errno;
}

int share_memory(const Room&) {
    void* memory =
        ::mmap(nullptr, 1U << 20, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? errno : 0;
}

int take_memory(const Room&) {
    void* memory = ::mmap(
        nullptr,
        2UL << 30,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
        -1,
        0
    );
    return memory == MAP_FAILED ? errno : 0;
}

int raise_limit(const Room&) {
    rlimit now{};
    ::getrlimit(RLIMIT_FSIZE, &now);
    const rlimit more{RLIM_INFINITY, RLIM_INFINITY};
    return outcome(::setrlimit(RLIMIT_FSIZE, &more));
}

int write_too_much(const Room& room) {
    ::signal(SIGXFSZ, SIG_IGN);
    const int fd =
        ::open((room.output_folder + "/large").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const auto written = fd < 0 ? -1 : ::pwrite(fd, "x", 1, 64L << 20);
    const int how = outcome(written);
    ::close(fd);
    return how;
}

int begin_thread(const Room&) {
    pthread_t thread{};
    const int error =
        ::pthread_create(&thread, nullptr, [](void*) -> void* { return nullptr; }, nullptr);
    return error != 0 ? error : ::pthread_join(thread, nullptr);
}

constexpr std::array forbidden{
    Attempt{
        "read /etc/passwd", [](const Room&) { return open_and_close("/etc/passwd", O_RDONLY); }
    },
    Attempt{
        "read its own memory map",
        [](const Room&) { return open_and_close("/proc/self/maps", O_RDONLY); }
    },
    Attempt{"list the root folder", [](const Room&) { return list("/"); }},
    Attempt{"list a home", [](const Room&) { return list("/home"); }},
    Attempt{
        "read a neighbour of the input",
        [](const Room& room) { return open_and_close(room.input + ".neighbour", O_RDONLY); }
    },
    Attempt{
        "read by way of the output folder",
        [](const Room& room) {
            return open_and_close(room.output_folder + "/../../../../../etc/passwd", O_RDONLY);
        }
    },
    Attempt{
        "write to the input", [](const Room& room) { return open_and_close(room.input, O_WRONLY); }
    },
    Attempt{
        "make a file beside the input",
        [](const Room& room) { return open_and_close(room.input + ".new", O_WRONLY | O_CREAT); }
    },
    Attempt{
        "cut the input", [](const Room& room) { return outcome(::truncate(room.input.c_str(), 1)); }
    },
    Attempt{
        "empty the input",
        [](const Room& room) { return open_and_close(room.input, O_RDONLY | O_TRUNC); }
    },
    Attempt{
        "make a folder",
        [](const Room& room) {
            return outcome(::mkdir((room.output_folder + "/deep").c_str(), 0700));
        }
    },
    Attempt{
        "open up the input",
        [](const Room& room) { return outcome(::chmod(room.input.c_str(), 0644)); }
    },
    Attempt{
        "move the input",
        [](const Room& room) {
            return outcome(::rename(room.input.c_str(), (room.output_folder + "/moved").c_str()));
        }
    },
    Attempt{
        "link to a file outside",
        [](const Room& room) {
            return outcome(::symlink("/etc/passwd", (room.output_folder + "/link").c_str()));
        }
    },
    Attempt{
        "take away what it wrote",
        [](const Room& room) {
            const auto name = room.output_folder + "/taken";
            const int made = open_and_close(name, O_WRONLY | O_CREAT);
            return made != 0 ? 0 : outcome(::unlink(name.c_str()));
        }
    },
    Attempt{
        "reserve room that no size shows",
        [](const Room& room) {
            const int fd = ::open(
                (room.output_folder + "/room").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600
            );
            const int how = fd < 0 ? 0 : outcome(::fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 1 << 20));
            ::close(fd);
            return how;
        }
    },
    Attempt{
        "write a file without a name",
        [](const Room& room) { return open_and_close(room.output_folder, O_WRONLY | O_TMPFILE); }
    },
    Attempt{"reach a host", [](const Room&) { return open_socket(AF_INET, SOCK_STREAM); }},
    Attempt{"reach a host by IPv6", [](const Room&) { return open_socket(AF_INET6, SOCK_STREAM); }},
    Attempt{"send a datagram", send_datagram},
    Attempt{"reach a neighbour", [](const Room&) { return open_socket(AF_UNIX, SOCK_STREAM); }},
    Attempt{"speak to the kernel", [](const Room&) { return open_socket(AF_NETLINK, SOCK_RAW); }},
    Attempt{"fork", [](const Room&) { return made_process(::fork()); }},
    Attempt{
        "make a process without libc",
        [](const Room&) { return made_process(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
    },
    Attempt{"signal its parent", [](const Room&) { return outcome(::kill(::getppid(), SIGCONT)); }},
    Attempt{
        "signal a thread of its parent",
        [](const Room&) {
            return outcome(::syscall(SYS_tgkill, ::getppid(), ::getppid(), SIGCONT));
        }
    },
    Attempt{"have memory that does not count", share_memory},
    Attempt{
        "have a file that is memory",
        [](const Room&) { return outcome(::syscall(SYS_memfd_create, "x", 0)); }
    },
    Attempt{"have too much memory", take_memory},
    Attempt{"raise a limit", raise_limit},
    Attempt{
        "limit its parent",
        [](const Room&) {
            rlimit now{};
            return outcome(::prlimit(::getppid(), RLIMIT_NOFILE, nullptr, &now));
        }
    },
    Attempt{"write a file that is too large", write_too_much},
    Attempt{
        "outlive its parent", [](const Room&) { return outcome(::prctl(PR_SET_PDEATHSIG, 0)); }
    },
    // Last: whoever succeeds is gone, and reports no more.
    Attempt{"run a shell", [](const Room&) { return run_program("/bin/sh"); }},
};

constexpr std::array allowed{
    Attempt{
        "read the input", [](const Room& room) { return open_and_close(room.input, O_RDONLY); }
    },
    Attempt{
        "write an output",
        [](const Room& room) {
            return open_and_close(room.output_folder + "/output", O_WRONLY | O_CREAT);
        }
    },
    Attempt{"begin a thread", begin_thread},
};

constexpr std::array deadly{
    Attempt{
        "ptrace", [](const Room&) { return outcome(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr)); }
    },
    Attempt{"unshare", [](const Room&) { return outcome(::unshare(CLONE_NEWUSER)); }},
    Attempt{
        "mount",
        [](const Room&) {
            return outcome(::syscall(SYS_mount, "none", "/tmp", "tmpfs", 0, nullptr));
        }
    },
    Attempt{
        "read the memory of its parent",
        [](const Room&) {
            return outcome(::syscall(SYS_process_vm_readv, ::getppid(), nullptr, 0, nullptr, 0, 0));
        }
    },
    Attempt{
        "io_uring", [](const Room&) { return outcome(::syscall(SYS_io_uring_setup, 1, nullptr)); }
    },
};

}  // namespace

std::span<const Attempt> forbidden_attempts() {
    return forbidden;
}
std::span<const Attempt> allowed_attempts() {
    return allowed;
}
std::span<const Attempt> deadly_attempts() {
    return deadly;
}

void make_attempts(const Room& room, std::span<const Attempt> attempts, std::string_view only) {
    constexpr int report_descriptor = 3;
    for (const auto& attempt : attempts) {
        if (!attempt.name.starts_with(only)) {
            continue;
        }
        const auto line =
            std::string(attempt.name) + "=" + std::to_string(attempt.run(room)) + "\n";
        if (::write(report_descriptor, line.data(), line.size()) < 0) {
            return;
        }
    }
}

}  // namespace sluice::test
