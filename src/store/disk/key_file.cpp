#include "store/disk/key_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "base/hmac.hpp"
#include "base/unique_fd.hpp"

namespace sluice {
namespace {

constexpr std::size_t key_length = 32;

Error unusable(const std::string& path, const std::string& why) {
    return {
        .code = ErrorCode::storage_failed,
        .facts = "The key file " + path + " " + why + ".",
    };
}

Result<std::string> read_key(const std::string& path, const UniqueFd& file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) {
        return system_error(errno, "stat " + path);
    }
    if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return unusable(path, "can be read by others: run chmod 600 on it");
    }
    std::string key(key_length + 1, '\0');
    const ssize_t length = ::pread(file.get(), key.data(), key.size(), 0);
    if (length != static_cast<ssize_t>(key_length)) {
        return unusable(path, "does not have 32 bytes");
    }
    key.resize(key_length);
    return key;
}

// Written whole under another name, then linked: of two that make it at once, one wins and both
// read the same.
Result<void> make_key(const std::string& path) {
    const std::string draft = path + "." + random_word(12);
    const UniqueFd file(
        ::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR)
    );
    const std::string key = random_bytes(key_length);
    const bool is_written =
        file && ::write(file.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
        ::fsync(file.get()) == 0;
    const bool is_linked =
        is_written && (::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST);
    const int error = errno;
    ::unlink(draft.c_str());
    if (!is_linked) {
        return system_error(error, "make " + path);
    }
    const auto parent = std::filesystem::absolute(path).parent_path().string();
    const UniqueFd folder(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder && ::fsync(folder.get()) == 0 ? ok() : system_error(errno, "sync " + parent);
}

}  // namespace

Result<std::string> read_or_make_key_file(const std::string& path) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file && errno == ENOENT) {
        if (auto made = make_key(path); !made) {
            return std::move(made).error();
        }
        file = UniqueFd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    }
    return file ? read_key(path, file) : system_error(errno, "open " + path);
}

}  // namespace sluice
