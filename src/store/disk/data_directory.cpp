#include "store/disk/data_directory.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <filesystem>

namespace sluice {
namespace {

// "pid 4711 since 2026-…": what the holder wrote about itself.
std::string read_holder(int file) {
    std::array<char, 200> text{};
    const ssize_t length = ::pread(file, text.data(), text.size(), 0);
    std::string holder(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    while (!holder.empty() && holder.back() == '\n') {
        holder.pop_back();
    }
    return holder.empty() ? "another process" : holder;
}

Error held(const std::string& directory, int file) {
    return {
        .code = ErrorCode::storage_failed,
        .facts = "The data directory " + directory + " is in use by " + read_holder(file) + ".",
    };
}

// It only serves the message that others see, so a failure to write it is none of ours.
void write_holder(int file, WallTime now) {
    const std::string text = "pid " + std::to_string(::getpid()) + " since " + rfc3339(now) + "\n";
    if (::ftruncate(file, 0) == 0) {
        static_cast<void>(::pwrite(file, text.data(), text.size(), 0) >= 0);
    }
}

}  // namespace

Result<void> make_data_directory(const std::string& directory) {
    std::error_code failed;
    const auto parent = std::filesystem::absolute(directory, failed).parent_path();
    std::filesystem::create_directories(parent, failed);
    if (::mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return system_error(errno, "mkdir " + directory);
    }
    const UniqueFd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) {
        return system_error(errno, "sync " + parent.string());
    }
    return ok();
}

Result<DirectoryLock> DirectoryLock::take(const std::string& directory, WallTime now) {
    if (auto made = make_data_directory(directory); !made) {
        return std::move(made).error();
    }
    const std::string path = directory + "/lock";
    UniqueFd file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR)
    );
    if (!file) {
        return system_error(errno, "open " + path);
    }
    if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
        return errno == EWOULDBLOCK ? held(directory, file.get())
                                    : system_error(errno, "flock " + path);
    }
    write_holder(file.get(), now);
    return DirectoryLock(std::move(file));
}

}  // namespace sluice
