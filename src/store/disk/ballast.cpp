#include "store/disk/ballast.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>

#include "base/log.hpp"
#include "base/unique_fd.hpp"

namespace sluice {
namespace {

// So that it is not dropped and made again in turns while the disk is nearly full.
constexpr std::uint64_t plenty = 4;

ByteCount free_beside(const std::string& path) {
    struct statvfs status{};
    const auto folder = std::filesystem::path(path).parent_path().string();
    return {
        ::statvfs(folder.c_str(), &status) == 0 ? std::uint64_t{status.f_bavail} * status.f_frsize
                                                : 0
    };
}

}  // namespace

bool Ballast::drop(bool is_vital) {
    const std::scoped_lock lock(mutex_);
    const bool was_there =
        ::unlink(first_.c_str()) == 0 || (is_vital && ::unlink(last_.c_str()) == 0);
    if (was_there) {
        log::warning("ballast_dropped", "the disk is full; room for the database is given back");
    }
    return was_there;
}

void Ballast::prepare() {
    if (free_beside(first_).value < size_.value / plenty) {
        drop(true);
    }
}

void Ballast::refill(ByteCount promised) {
    const std::scoped_lock lock(mutex_);
    make(last_, size_, promised);
    make(first_, {size_.value / 4}, promised);
}

void Ballast::make(const std::string& path, ByteCount size, ByteCount promised) const {
    struct stat status{};
    if (::stat(path.c_str(), &status) == 0 ||
        free_beside(path).value < plenty * size_.value + promised.value) {
        return;
    }
    const UniqueFd file(
        ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)
    );
    if (!file || ::fallocate(file.get(), 0, 0, static_cast<off_t>(size.value)) != 0) {
        ::unlink(path.c_str());
    }
}

}  // namespace sluice
