#include "media/sandbox/landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace sluice {
namespace {

// Newer than the headers of Debian 12.
constexpr std::uint64_t right_truncate = 1ULL << 14;
constexpr std::uint64_t right_ioctl_device = 1ULL << 15;
constexpr std::uint64_t net_bind_and_connect = 3;
constexpr std::uint64_t scope_sockets_and_signals = 3;

struct RuleSet {
    std::uint64_t files;
    std::uint64_t net;
    std::uint64_t scope;
};

constexpr std::uint64_t rights_of_version_1 = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;

std::uint64_t file_rights(int version) {
    std::uint64_t rights = rights_of_version_1;
    rights |= version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
    rights |= version >= 3 ? right_truncate : 0;
    rights |= version >= 5 ? right_ioctl_device : 0;
    return rights;
}

std::size_t size_of_rule_set(int version) {
    constexpr std::size_t word = sizeof(std::uint64_t);
    if (version < 4) {
        return word;
    }
    return version < 6 ? 2 * word : 3 * word;
}

}  // namespace

int landlock_version() {
    const auto version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? static_cast<int>(version) : 0;
}

Result<FileRules> FileRules::closed() {
    const int version = landlock_version();
    if (version == 0) {
        return Error{.code = ErrorCode::internal, .detail = "this kernel has no Landlock"};
    }
    const RuleSet rules{file_rights(version), net_bind_and_connect, scope_sockets_and_signals};
    const UniqueFd made(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &rules, size_of_rule_set(version), 0)
    ));
    // High, out of the way of the descriptors that the child gets.
    UniqueFd kept(made ? ::fcntl(made.get(), F_DUPFD_CLOEXEC, 20) : -1);
    if (!kept) {
        return system_error(errno, "landlock_create_ruleset");
    }
    return FileRules(std::move(kept), version);
}

Result<void> FileRules::allow(const std::string& path, std::uint64_t rights) {
    const UniqueFd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!fd) {
        return system_error(errno, path);
    }
    const landlock_path_beneath_attr rule{rights & file_rights(version_), fd.get()};
    if (::syscall(SYS_landlock_add_rule, rules_.get(), LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
        return system_error(errno, "landlock_add_rule");
    }
    return ok();
}

Result<void> FileRules::allow_reading(const std::string& file) {
    return allow(file, LANDLOCK_ACCESS_FS_READ_FILE);
}

Result<void> FileRules::allow_running(const std::string& file) {
    return allow(file, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_EXECUTE);
}

Result<void> FileRules::allow_libraries(const std::string& folder) {
    return allow(folder, LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
}

Result<void> FileRules::allow_writing(const std::string& folder) {
    return allow(
        folder,
        LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
            LANDLOCK_ACCESS_FS_MAKE_REG | right_truncate
    );
}

bool FileRules::enforce() const {
    return ::syscall(SYS_landlock_restrict_self, rules_.get(), 0) == 0;
}

}  // namespace sluice
