#include "media/sandbox/sandbox.hpp"

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace sluice {
namespace {

constexpr rlim_t stack_max = 1ULL << 20;
constexpr rlim_t descriptors_max = 64;
constexpr int niceness = 10;
// Between the signal that says so and the one that ends it.
constexpr rlim_t cpu_grace_seconds = 2;

// Where libraries and the loader lie; on most machines several names of one folder.
constexpr std::array library_folders{"/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64"};
constexpr std::array loaders{
    "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-musl-x86_64.so.1"
};
constexpr const char* library_index = "/etc/ld.so.cache";

constexpr bool is_sanitized() {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;  // their shadow memory counts as data
#else
    return false;
#endif
}

bool is_there(const char* path) {
    return ::access(path, F_OK) == 0;
}

Result<void> allow_program(FileRules& rules, const std::string& program) {
    if (auto allowed = rules.allow_running(program); !allowed) {
        return allowed;
    }
    for (const char* loader : loaders) {
        auto allowed = is_there(loader) ? rules.allow_running(loader) : ok();
        if (!allowed) {
            return allowed;
        }
    }
    for (const char* folder : library_folders) {
        auto allowed = is_there(folder) ? rules.allow_libraries(folder) : ok();
        if (!allowed) {
            return allowed;
        }
    }
    return is_there(library_index) ? rules.allow_reading(library_index) : ok();
}

Result<FileRules> rules_for(const SandboxRoom& room) {
    auto rules = FileRules::closed();
    if (!rules) {
        return rules;
    }
    Result<void> allowed = ok();
    if (!room.program.empty()) {
        allowed = allow_program(*rules, room.program);
    }
    if (allowed && !room.input.empty()) {
        allowed = rules->allow_reading(room.input);
    }
    if (allowed && !room.output_folder.empty()) {
        allowed = rules->allow_writing(room.output_folder);
    }
    if (!allowed) {
        return std::move(allowed).error();
    }
    return rules;
}

bool limit(__rlimit_resource resource, rlim_t value, rlim_t grace = 0) {
    const rlimit both{value, value + grace};
    return ::setrlimit(resource, &both) == 0;
}

// DATA rather than AS, which counts shared objects too. Sanitizers want their own memory.
bool limit_all(const SandboxLimits& limits) {
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_STACK, stack_max) &&
           limit(RLIMIT_NOFILE, descriptors_max) &&
           limit(RLIMIT_FSIZE, limits.file_bytes_max.value) &&
           limit(RLIMIT_CPU, static_cast<rlim_t>(limits.cpu_max.count()), cpu_grace_seconds) &&
           (is_sanitized() || limit(RLIMIT_DATA, limits.memory_max.value));
}

// Of root nothing stays but the number; not even the program that is run gets anything back.
bool drop_capabilities() {
    constexpr int bits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                         SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;
    ::prctl(PR_SET_SECUREBITS, bits, 0, 0, 0);  // refused to those who have none to lose
    for (int capability = 0; ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0; ++capability) {
    }
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    const std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    return ::syscall(SYS_capset, &header, none.data()) == 0;
}

}  // namespace

Result<Sandbox> Sandbox::prepare(
    const SandboxRoom& room, const SandboxLimits& limits, Walls walls
) {
    Sandbox sandbox(limits);
    if (walls == Walls::all) {
        auto rules = rules_for(room);
        if (!rules) {
            return std::move(rules).error();
        }
        sandbox.files_.emplace(*std::move(rules));
        sandbox.calls_.emplace(room.program.empty() ? FilterKind::task : FilterKind::program);
    }
    return sandbox;
}

bool Sandbox::enter(int descriptor_kept) {
    ::setpriority(PRIO_PROCESS, 0, niceness);
    return limit_all(limits_) && drop_capabilities() &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && (!files_ || files_->enforce()) &&
           ::syscall(SYS_close_range, descriptor_kept + 1, ~0U, 0) == 0 &&
           (!calls_ || calls_->install());
}

bool leave_network() {
    if (::unshare(CLONE_NEWNET) == 0) {
        return true;
    }
    const bool is_left = errno == EPERM && ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    // Gained and lost rights make a process unreadable to the user who started it; it is no secret.
    ::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return is_left;
}

}  // namespace sluice
