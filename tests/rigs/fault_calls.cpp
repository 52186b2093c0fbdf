// libfault_calls.so, loaded before the C library: the K-th call of a kind fails, lies, kills or pauses, and
// the wall clock can be moved. Tests steer it through a file of one page ($SLUICE_RIG_CALLS, shared
// memory: see `Page`; calls.py is the other side), so a fault can be set while the server runs.
// Only the server itself is touched, not the workers that inherit the environment.
//
// Calls that go through io_uring are not seen here. $SLUICE_RIG_NO_URING=1 refuses io_uring to the
// process, as many container runtimes do, so that it takes the calls below.
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdarg>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace {

enum Call : std::uint32_t {
    call_none,
    call_sync,
    call_write,
    call_open,
    call_rename,
    call_reserve,
    call_truncate,
    call_unlink,
    call_read,
    call_count
};
enum Manner : std::uint32_t {
    manner_error,
    manner_pretend,
    manner_short,
    manner_kill,
    manner_pause
};

// The words of calls.py, in this order; all of 8 bytes.
struct Page {
    std::atomic<std::uint64_t> call;  // which kind is armed
    std::atomic<std::uint64_t>
        after;  // the first one that is hit, from 1 as the kind's counter says
    std::atomic<std::uint64_t> hits_max;
    std::atomic<std::uint64_t> manner;
    std::atomic<std::uint64_t> error_number;
    std::atomic<std::uint64_t> fired;
    std::atomic<std::int64_t> clock_offset_ns;
    std::array<std::atomic<std::uint64_t>, call_count> seen;
};

Page* page() {
    static Page* const mapped = []() -> Page* {
        const char* path = std::getenv("SLUICE_RIG_CALLS");
        if (path == nullptr || std::string_view(program_invocation_short_name) != "sluice") {
            return nullptr;
        }
        const long file = ::syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
        void* at = ::mmap(
            nullptr, sizeof(Page), PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(file), 0
        );
        return at == MAP_FAILED ? nullptr : static_cast<Page*>(at);
    }();
    return mapped;
}

// What is to happen to this call: manner_error and the like, or nothing.
enum class Fate : std::uint8_t { passes, fails, pretends, is_short };

Fate fate_of(Call call) {
    Page* const steering = page();
    if (steering == nullptr) {
        return Fate::passes;
    }
    const std::uint64_t number = ++steering->seen.at(call);
    if (steering->call != call || number < steering->after ||
        number >= steering->after + steering->hits_max) {
        return Fate::passes;
    }
    ++steering->fired;
    switch (steering->manner) {
        case manner_kill:
            ::kill(::getpid(), SIGKILL);
            return Fate::fails;
        case manner_pause:
            // The whole process, until SIGCONT; sent to this thread, which so does nothing more before.
            ::syscall(SYS_tgkill, ::getpid(), ::gettid(), SIGSTOP);
            return Fate::passes;
        case manner_pretend:
            return Fate::pretends;
        case manner_short:
            return Fate::is_short;
        default:
            errno = static_cast<int>(steering->error_number.load());
            return Fate::fails;
    }
}

// A call that gives 0 or -1.
template <typename... Arguments>
int plain(Call call, long number, Arguments... arguments) {
    switch (fate_of(call)) {
        case Fate::fails:
            return -1;
        case Fate::pretends:
            return 0;
        default:
            return static_cast<int>(::syscall(number, arguments...));
    }
}

// A call that gives a count.
ssize_t counted(Call call, long number, int file, const void* bytes, std::size_t count, off_t at) {
    switch (fate_of(call)) {
        case Fate::fails:
            return -1;
        case Fate::pretends:
            return static_cast<ssize_t>(count);
        case Fate::is_short:
            return ::syscall(number, file, bytes, count > 1 ? count / 2 : count, at);
        default:
            return ::syscall(number, file, bytes, count, at);
    }
}

void refuse_io_uring() {
    std::array<sock_filter, 4> code{{
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    }};
    sock_fprog program{.len = code.size(), .filter = code.data()};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
        std::abort();
    }
}

[[gnu::constructor]] void begin() {
    const char* refused = std::getenv("SLUICE_RIG_NO_URING");
    if (refused != nullptr && *refused == '1' &&
        std::string_view(program_invocation_short_name) == "sluice") {
        refuse_io_uring();
    }
}

int opened(int folder, const char* path, int flags, mode_t mode) {
    return plain(call_open, SYS_openat, folder, path, flags, mode);
}

}  // namespace

// NOLINTBEGIN(readability-identifier-naming,cert-dcl50-cpp): the C library's names and shapes.
extern "C" {

int fsync(int file) {
    return plain(call_sync, SYS_fsync, file);
}
int fdatasync(int file) {
    return plain(call_sync, SYS_fdatasync, file);
}
int syncfs(int file) noexcept {
    return plain(call_sync, SYS_syncfs, file);
}

ssize_t pwrite(int file, const void* bytes, std::size_t count, off_t at) {
    return counted(call_write, SYS_pwrite64, file, bytes, count, at);
}
ssize_t pwrite64(int file, const void* bytes, std::size_t count, off_t at) {
    return counted(call_write, SYS_pwrite64, file, bytes, count, at);
}
ssize_t pread(int file, void* bytes, std::size_t count, off_t at) {
    return counted(call_read, SYS_pread64, file, bytes, count, at);
}
ssize_t pread64(int file, void* bytes, std::size_t count, off_t at) {
    return counted(call_read, SYS_pread64, file, bytes, count, at);
}

int open(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const int made = opened(AT_FDCWD, path, flags, va_arg(rest, mode_t));
    va_end(rest);
    return made;
}
int open64(const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const int made = opened(AT_FDCWD, path, flags, va_arg(rest, mode_t));
    va_end(rest);
    return made;
}
int openat(int folder, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const int made = opened(folder, path, flags, va_arg(rest, mode_t));
    va_end(rest);
    return made;
}
int openat64(int folder, const char* path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const int made = opened(folder, path, flags, va_arg(rest, mode_t));
    va_end(rest);
    return made;
}

int rename(const char* from, const char* to) noexcept {
    return plain(call_rename, SYS_rename, from, to);
}
int renameat(int from_folder, const char* from, int to_folder, const char* to) noexcept {
    return plain(call_rename, SYS_renameat, from_folder, from, to_folder, to);
}
int renameat2(
    int from_folder, const char* from, int to_folder, const char* to, unsigned flags
) noexcept {
    return plain(call_rename, SYS_renameat2, from_folder, from, to_folder, to, flags);
}

int fallocate(int file, int mode, off_t at, off_t length) {
    return plain(call_reserve, SYS_fallocate, file, mode, at, length);
}
int fallocate64(int file, int mode, off_t at, off_t length) {
    return plain(call_reserve, SYS_fallocate, file, mode, at, length);
}
int ftruncate(int file, off_t length) noexcept {
    return plain(call_truncate, SYS_ftruncate, file, length);
}
int ftruncate64(int file, off_t length) noexcept {
    return plain(call_truncate, SYS_ftruncate, file, length);
}
int unlink(const char* path) noexcept {
    return plain(call_unlink, SYS_unlink, path);
}
int unlinkat(int folder, const char* path, int flags) noexcept {
    return plain(call_unlink, SYS_unlinkat, folder, path, flags);
}

int clock_gettime(clockid_t clock, timespec* now) noexcept {
    constexpr std::int64_t second = 1'000'000'000;
    const long done = ::syscall(SYS_clock_gettime, clock, now);
    if (page() != nullptr && done == 0 && clock == CLOCK_REALTIME) {
        const std::int64_t all = now->tv_sec * second + now->tv_nsec + page()->clock_offset_ns;
        *now = {.tv_sec = all / second, .tv_nsec = all % second};
    }
    return static_cast<int>(done);
}
int gettimeofday(timeval* now, void*) noexcept {
    timespec precise{};
    clock_gettime(CLOCK_REALTIME, &precise);
    *now = {.tv_sec = precise.tv_sec, .tv_usec = precise.tv_nsec / 1000};
    return 0;
}
time_t time(time_t* into) noexcept {
    timespec precise{};
    clock_gettime(CLOCK_REALTIME, &precise);
    if (into != nullptr) {
        *into = precise.tv_sec;
    }
    return precise.tv_sec;
}

}  // extern "C"
// NOLINTEND(readability-identifier-naming,cert-dcl50-cpp)
