#include "store/disk/blob_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <memory>
#include <vector>

namespace sluice::disk {
namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t name_length = 16;
constexpr unsigned folder_count = 256;

// Ids are times and counters: their own digits would fill one folder after the other.
unsigned folder_of(BlobId id) {
    constexpr std::uint64_t golden_ratio = 0x9e3779b97f4a7c15;
    return static_cast<unsigned>((id.value * golden_ratio) >> 56);
}

constexpr const char* packs_folder = "packs";

std::string folder_path(unsigned folder) {
    return {digits[folder >> 4], '/', digits[folder & 15]};
}

std::string folder_path_of(BlobId id) {
    return id.is_shared() ? packs_folder : folder_path(folder_of(id));
}

Result<UniqueFd> open_folder(int root, const char* path) {
    UniqueFd folder(::openat(root, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    return folder ? Result<UniqueFd>(std::move(folder))
                  : system_error(errno, "open folder " + std::string(path));
}

Result<void> sync_folder(int root, const char* path) {
    auto folder = open_folder(root, path);
    if (!folder) {
        return std::move(folder).error();
    }
    return ::fsync(folder->get()) == 0 ? ok()
                                       : sync_error(errno, "sync folder " + std::string(path));
}

// True: it was not there before.
Result<bool> make_folder(int root, const std::string& path) {
    if (::mkdirat(root, path.c_str(), S_IRWXU) == 0) {
        return true;
    }
    return errno == EEXIST ? Result<bool>(false) : system_error(errno, "mkdir " + path);
}

// How many of the 16 folders in `parent` were not there before.
Result<int> make_folders_in(int root, const std::string& parent) {
    int made_count = 0;
    for (const char digit : digits) {
        auto made = make_folder(root, parent + digit);
        if (!made) {
            return std::move(made).error();
        }
        made_count += *made ? 1 : 0;
    }
    return made_count;
}

Result<void> sync_all_folders(int root) {
    for (const char digit : digits) {
        if (auto synced = sync_folder(root, std::string(1, digit).c_str()); !synced) {
            return synced;
        }
    }
    return sync_folder(root, ".");
}

// All of them before the first sync: one commit of the file system then carries them all.
Result<void> make_all_folders(int root) {
    auto made_count = make_folders_in(root, "");
    if (!made_count) {
        return std::move(made_count).error();
    }
    int sum = *made_count;
    for (const char digit : digits) {
        made_count = make_folders_in(root, std::string(1, digit) + "/");
        if (!made_count) {
            return std::move(made_count).error();
        }
        sum += *made_count;
    }
    const auto packs = make_folder(root, packs_folder);
    if (!packs) {
        return packs.error();
    }
    sum += *packs ? 1 : 0;
    return sum > 0 ? sync_all_folders(root) : ok();
}

ErrorCode code_of(int error_number) {
    switch (error_number) {
        case ENOENT:
            return ErrorCode::store_not_found;
        case EEXIST:
            return ErrorCode::store_conflict;
        default:
            return system_error(error_number, "").code;
    }
}

struct CloseFolder {
    void operator()(DIR* folder) const { ::closedir(folder); }
};
using Folder = std::unique_ptr<DIR, CloseFolder>;

Result<Folder> list_folder(int root, const std::string& path) {
    auto opened = open_folder(root, path.c_str());
    if (!opened) {
        return std::move(opened).error();
    }
    const int own = ::dup(opened->get());
    DIR* folder = own < 0 ? nullptr : ::fdopendir(own);
    if (folder == nullptr) {
        return system_error(errno, "list folder");
    }
    return Folder(folder);
}

std::optional<WallTime> changed_at(int folder, const char* name) {
    struct stat status{};
    if (::fstatat(folder, name, &status, AT_SYMLINK_NOFOLLOW) != 0) {
        return std::nullopt;
    }
    return WallTime{std::chrono::seconds{status.st_mtim.tv_sec}};
}

// False: `visit` wants no more.
bool walk_folder(DIR* folder, const std::function<bool(const BlobDirectory::Entry&)>& visit) {
    // NOLINTNEXTLINE(concurrency-mt-unsafe): the stream is this call's alone
    while (const dirent* entry = ::readdir(folder)) {
        const auto id = parse_blob_name(static_cast<const char*>(entry->d_name));
        const auto time = id ? changed_at(::dirfd(folder), static_cast<const char*>(entry->d_name))
                             : std::nullopt;
        if (time && !visit({*id, *time})) {
            return false;
        }
    }
    return true;
}

}  // namespace

std::string relative_path_of(BlobId id) {
    std::array<char, name_length + 1> name{};
    std::snprintf(name.data(), name.size(), "%016llx", static_cast<unsigned long long>(id.value));
    return folder_path_of(id) + "/" + name.data();
}

std::optional<BlobId> parse_blob_name(std::string_view name) {
    if (name.size() != name_length || name.find_first_not_of(digits) != std::string_view::npos) {
        return std::nullopt;
    }
    BlobId id;
    std::from_chars(name.data(), name.data() + name.size(), id.value, 16);
    return id;
}

Result<BlobDirectory> BlobDirectory::open(const std::string& path) {
    if (::mkdir(path.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return system_error(errno, "mkdir " + path);
    }
    auto root = open_folder(AT_FDCWD, path.c_str());
    if (!root) {
        return std::move(root).error();
    }
    if (auto made = make_all_folders(root->get()); !made) {
        return std::move(made).error();
    }
    if (auto synced = sync_folder(root->get(), ".."); !synced) {
        return std::move(synced).error();
    }
    return BlobDirectory(path, *std::move(root));
}

Result<UniqueFd> BlobDirectory::open_file(BlobId id, int flags) const {
    const std::string path = relative_path_of(id);
    UniqueFd file(::openat(root(), path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR)
    );
    if (!file) {
        const int error_number = errno;
        Error error = system_error(error_number, "open blob " + path);
        error.code = code_of(error_number);
        return error;
    }
    return file;
}

Result<void> BlobDirectory::unlink(BlobId id) const {
    const std::string path = relative_path_of(id);
    const bool is_gone = ::unlinkat(root(), path.c_str(), 0) == 0 || errno == ENOENT;
    return is_gone ? ok() : system_error(errno, "unlink blob " + path);
}

Result<void> BlobDirectory::sync_folder_of(BlobId id) const {
    return sync_folder(root(), folder_path_of(id).c_str());
}

Result<bool> BlobDirectory::move_in(const std::string& path, BlobId id) const {
    const std::string target = relative_path_of(id);
    if (::renameat2(AT_FDCWD, path.c_str(), root(), target.c_str(), RENAME_NOREPLACE) == 0) {
        return true;
    }
    const int error_number = errno;
    // EINVAL: a file system without RENAME_NOREPLACE.
    if (error_number == EXDEV || error_number == EINVAL) {
        return false;
    }
    Error error = system_error(error_number, "rename " + path + " to blob " + target);
    error.code = code_of(error_number);
    return error;
}

Result<void> BlobDirectory::walk(
    unsigned first_folder, const std::function<bool(const Entry&)>& visit
) const {
    for (unsigned i = 0; i < folder_count; ++i) {
        auto folder = list_folder(root(), folder_path((first_folder + i) % folder_count));
        if (!folder) {
            return std::move(folder).error();
        }
        if (!walk_folder(folder->get(), visit)) {
            return ok();
        }
    }
    return ok();
}

Result<void> BlobDirectory::walk_packs(const std::function<bool(const Entry&)>& visit) const {
    auto folder = list_folder(root(), packs_folder);
    if (!folder) {
        return std::move(folder).error();
    }
    walk_folder(folder->get(), visit);
    return ok();
}

}  // namespace sluice::disk
