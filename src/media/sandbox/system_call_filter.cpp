#include "media/sandbox/system_call_filter.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace sluice {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_X86_64;
constexpr std::uint32_t first_foreign_number = 0x40000000;  // the x32 calls
#elif defined(__aarch64__)
constexpr std::uint32_t architecture = AUDIT_ARCH_AARCH64;
constexpr std::uint32_t first_foreign_number = 0x7fffffff;
#else
#error "the system call filter knows x86-64 and arm64"
#endif

constexpr std::uint32_t refuse(int error) {
    return SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error);
}

// Nothing that a decoder, libc or the loader does by mistake.
constexpr std::array attacks{
    SYS_ptrace,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_bpf,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_chroot,
    SYS_unshare,
    SYS_setns,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_userfaultfd,
    SYS_perf_event_open,
    SYS_io_uring_setup,
    SYS_io_uring_enter,
    SYS_io_uring_register,
    SYS_open_by_handle_at,
    SYS_name_to_handle_at,
    SYS_init_module,
    SYS_finit_module,
    SYS_delete_module,
    SYS_kexec_load,
    SYS_reboot,
    SYS_fanotify_init,
    SYS_open_tree,
    SYS_move_mount,
    SYS_fsopen,
    SYS_fsmount,
    SYS_pidfd_getfd,
    SYS_process_madvise,
    SYS_swapon,
    SYS_acct,
    SYS_quotactl,
    SYS_settimeofday,
};

constexpr std::array refused_with_access{
    SYS_socket,   SYS_socketpair, SYS_connect, SYS_bind,     SYS_listen,   SYS_accept,
    SYS_accept4,  SYS_sendto,     SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg,
    SYS_recvmmsg, SYS_readlinkat, SYS_chdir,   SYS_fchdir,   SYS_statfs,   SYS_fstatfs,
#ifdef SYS_readlink
    SYS_readlink,
#endif
};

// Some of these go by path, and Landlock has no right for them.
constexpr std::array refused_with_permission{
    SYS_kill,
    SYS_fchmod,
    SYS_fchmodat,
    SYS_fchown,
    SYS_fchownat,
    SYS_utimensat,
    SYS_setxattr,
    SYS_lsetxattr,
    SYS_fsetxattr,
    SYS_symlinkat,
    SYS_linkat,
    SYS_mknodat,
    SYS_setpriority,
    SYS_sched_setaffinity,
    SYS_sched_setscheduler,
    SYS_sched_setparam,
    SYS_capget,
    SYS_capset,
    SYS_setuid,
    SYS_setgid,
    SYS_setresuid,
    SYS_setresgid,
    SYS_setgroups,
    SYS_setsid,
    SYS_setpgid,
    SYS_setrlimit,
    SYS_truncate,
#ifdef SYS_fork
    SYS_fork,
    SYS_vfork,
    SYS_chmod,
    SYS_chown,
    SYS_lchown,
    SYS_utime,
    SYS_utimes,
    SYS_symlink,
    SYS_link,
    SYS_mknod,
#endif
};

constexpr std::array allowed{
    // files that are open, and those that the file rules let be opened
    SYS_read,
    SYS_write,
    SYS_readv,
    SYS_writev,
    SYS_pread64,
    SYS_pwrite64,
    SYS_preadv,
    SYS_pwritev,
    SYS_lseek,
    SYS_close,
    SYS_fstat,
    SYS_newfstatat,
    SYS_statx,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_getdents64,
    SYS_unlinkat,
    SYS_renameat,
    SYS_renameat2,
    SYS_ftruncate,
    SYS_fadvise64,
    SYS_fsync,
    SYS_fdatasync,
    SYS_umask,
    SYS_getcwd,
    SYS_dup,
    SYS_dup3,
    SYS_pipe2,
    SYS_eventfd2,
    SYS_ppoll,
    SYS_pselect6,
    // memory
    SYS_munmap,
    SYS_mremap,
    SYS_mprotect,
    SYS_madvise,
    SYS_brk,
    SYS_msync,
    SYS_mincore,
    SYS_membarrier,
    // threads and signals of its own
    SYS_futex,
    SYS_set_tid_address,
    SYS_set_robust_list,
    SYS_get_robust_list,
    SYS_rseq,
    SYS_rt_sigaction,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    SYS_sched_yield,
    SYS_sched_getaffinity,
    SYS_sched_getparam,
    SYS_sched_getscheduler,
    SYS_sched_get_priority_max,
    SYS_sched_get_priority_min,
    SYS_sched_getattr,
    SYS_getcpu,
    SYS_exit,
    SYS_exit_group,
    SYS_restart_syscall,
    // questions
    SYS_getpid,
    SYS_gettid,
    SYS_getppid,
    SYS_getuid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getegid,
    SYS_clock_gettime,
    SYS_clock_getres,
    SYS_clock_nanosleep,
    SYS_nanosleep,
    SYS_gettimeofday,
    SYS_times,
    SYS_getrusage,
    SYS_getrandom,
    SYS_sysinfo,
    SYS_uname,
    SYS_getrlimit,
#if defined(__x86_64__)
    SYS_stat,
    SYS_lstat,
    SYS_access,
    SYS_unlink,
    SYS_rename,
    SYS_dup2,
    SYS_pipe,
    SYS_poll,
    SYS_select,
    SYS_arch_prctl,
    SYS_time,
#endif
};

constexpr std::array descriptor_commands{
    F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETLK, F_SETLK, F_SETLKW, F_DUPFD_CLOEXEC
};

constexpr std::uint32_t argument(unsigned number) {
    return static_cast<std::uint32_t>(offsetof(seccomp_data, args)) + number * 8;  // its low half
}

constexpr sock_filter load(std::uint32_t offset) {
    return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}
constexpr sock_filter answer(std::uint32_t with) {
    return BPF_STMT(BPF_RET | BPF_K, with);
}
// Goes on with the next instruction if equal, else skips so many.
constexpr sock_filter unless_equal_skip(std::uint32_t value, std::uint8_t count) {
    return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, count);
}

using Code = std::vector<sock_filter>;

// The number of the call is in the register before and after; what is written here ends the filter
// or leaves that register alone.
void answer_call(Code& code, long number, std::uint32_t with) {
    code.push_back(unless_equal_skip(static_cast<std::uint32_t>(number), 1));
    code.push_back(answer(with));
}

template <class Numbers>
void answer_calls(Code& code, const Numbers& numbers, std::uint32_t with) {
    for (const auto number : numbers) {
        answer_call(code, number, with);
    }
}

// For one call: these instructions, each way through which must end in an answer.
void judge_call(Code& code, long number, std::initializer_list<sock_filter> how) {
    code.push_back(
        unless_equal_skip(static_cast<std::uint32_t>(number), static_cast<std::uint8_t>(how.size()))
    );
    code.insert(code.end(), how);
}

// A bit pattern under a mask; refused otherwise.
void allow_if_masked(
    Code& code, long number, unsigned of_argument, std::uint32_t mask, std::uint32_t wanted
) {
    judge_call(
        code,
        number,
        {load(argument(of_argument)),
         BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask),
         unless_equal_skip(wanted, 1),
         answer(SECCOMP_RET_ALLOW),
         answer(refuse(EPERM))}
    );
}

}  // namespace

SystemCallFilter::SystemCallFilter(FilterKind kind) {
    code_ = {
        load(offsetof(seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
        answer(SECCOMP_RET_KILL_PROCESS),
        load(offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first_foreign_number, 0, 1),
        answer(SECCOMP_RET_KILL_PROCESS),
    };
    end_if_attack();
    answer_oddities(kind);
    allow_the_rest();
}

void SystemCallFilter::end_if_attack() {
    answer_calls(code_, attacks, SECCOMP_RET_KILL_PROCESS);
    answer_calls(code_, refused_with_access, refuse(EACCES));
    answer_calls(code_, refused_with_permission, refuse(EPERM));
    answer_call(code_, SYS_clone3, refuse(ENOSYS));  // its flags cannot be seen; libc takes clone
    answer_call(code_, SYS_ioctl, refuse(ENOTTY));
    // GLib copies the scheduling of the first thread to each new one, and complains if it cannot.
    answer_call(code_, SYS_sched_setattr, refuse(0));
}

void SystemCallFilter::judge_opening(long number, unsigned flags_argument) {
    constexpr std::uint32_t without_a_name = O_TMPFILE & ~O_DIRECTORY;
    judge_call(
        code_,
        number,
        {load(argument(flags_argument)),
         BPF_STMT(BPF_ALU | BPF_AND | BPF_K, without_a_name),
         unless_equal_skip(without_a_name, 1),
         answer(refuse(EACCES)),
         load(argument(flags_argument)),
         BPF_STMT(BPF_ALU | BPF_AND | BPF_K, O_ACCMODE | O_TRUNC),
         unless_equal_skip(O_RDONLY | O_TRUNC, 1),
         answer(refuse(EACCES)),
         answer(SECCOMP_RET_ALLOW)}
    );
}

void SystemCallFilter::answer_oddities(FilterKind kind) {
    answer_call(
        code_, SYS_execve, kind == FilterKind::program ? SECCOMP_RET_ALLOW : refuse(EACCES)
    );
    // To be emptied a file need only be open for reading, and before version 3 Landlock looks no
    // closer; a file without a name is seen by nobody who counts.
    judge_opening(SYS_openat, 2);
#ifdef SYS_open
    judge_opening(SYS_open, 1);
#endif
    // Threads, but no processes and no namespaces.
    constexpr std::uint32_t thread = CLONE_VM | CLONE_THREAD;
    constexpr std::uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS |
                                         CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
    allow_if_masked(code_, SYS_clone, 0, thread | namespaces, thread);
    // Shared memory without a file would not count as data, and so escape the limit of memory.
    constexpr std::uint32_t shared = MAP_SHARED | MAP_ANONYMOUS;
    judge_call(
        code_,
        SYS_mmap,
        {load(argument(3)),
         BPF_STMT(BPF_ALU | BPF_AND | BPF_K, shared),
         unless_equal_skip(shared, 1),
         answer(refuse(EPERM)),
         answer(SECCOMP_RET_ALLOW)}
    );
    // Limits of its own only: they can go down and not up.
    allow_if_masked(code_, SYS_prlimit64, 0, ~0U, 0);
    allow_if_masked(code_, SYS_prctl, 0, ~0U, PR_SET_NAME);
    // Everything but becoming the owner of a descriptor's signals, which may be sent to others.
    for (const auto command : descriptor_commands) {
        code_.push_back(unless_equal_skip(SYS_fcntl, 4));
        code_.push_back(load(argument(1)));
        code_.push_back(unless_equal_skip(static_cast<std::uint32_t>(command), 1));
        code_.push_back(answer(SECCOMP_RET_ALLOW));
        code_.push_back(load(offsetof(seccomp_data, nr)));
    }
    answer_call(code_, SYS_fcntl, refuse(EPERM));
    // abort() signals its own thread; nobody else's.
    own_pid_at_.push_back(code_.size() + 2);
    judge_call(
        code_,
        SYS_tgkill,
        {load(argument(0)),
         unless_equal_skip(0, 1),
         answer(SECCOMP_RET_ALLOW),
         answer(refuse(EPERM))}
    );
}

void SystemCallFilter::allow_the_rest() {
    answer_calls(code_, allowed, SECCOMP_RET_ALLOW);
    code_.push_back(answer(refuse(ENOSYS)));
}

bool SystemCallFilter::install() {
    for (const auto at : own_pid_at_) {
        code_[at].k = static_cast<std::uint32_t>(::getpid());
    }
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}

}  // namespace sluice
