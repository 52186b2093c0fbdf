#include "client/local_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace sluice::client {
namespace {

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

Failure local_failure(std::string code, std::string message, std::string hint) {
    return {
        .kind = FailureKind::local,
        .code = std::move(code),
        .message = std::move(message),
        .hint = std::move(hint)
    };
}

}  // namespace

Outcome<LocalFile> LocalFile::open(const std::string& path) {
    auto file = LocalFile();
    file.fd_ = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.fd_) {
        const auto why = std::generic_category().message(errno);
        return local_failure(
            "file_unreadable", "cannot be opened: " + why, "Name a readable file."
        );
    }
    struct stat facts = {};
    if (::fstat(file.fd(), &facts) != 0 || !S_ISREG(facts.st_mode)) {
        return local_failure("file_unreadable", "is not a regular file", "Name a regular file.");
    }
    if (facts.st_size == 0) {
        return local_failure(
            "media_empty", "is empty: 0 bytes", "Check what should have written it."
        );
    }
    file.path_ = std::filesystem::absolute(path).lexically_normal().string();
    file.size_ = static_cast<std::uint64_t>(facts.st_size);
    file.modified_ns_ = nanoseconds(facts.st_mtim);
    return file;
}

bool LocalFile::has_changed() const {
    struct stat facts = {};
    if (::fstat(fd(), &facts) != 0) {
        return true;
    }
    return static_cast<std::uint64_t>(facts.st_size) != size_ ||
           nanoseconds(facts.st_mtim) != modified_ns_;
}

}  // namespace sluice::client
