#include "store/disk/run_mark.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>

#include "base/unique_fd.hpp"

namespace sluice {
namespace {

std::string read_text(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Of the mount that the directory is on: never used again in this boot (Linux 6.8; before that a
// number that may come again). A file system that was mounted anew has another page cache.
std::uint64_t mount_id_of(const std::string& directory) {
    constexpr unsigned unique_mount_id = 0x4000;  // STATX_MNT_ID_UNIQUE, which older headers lack
    struct statx status{};
    for (const unsigned wanted : {unique_mount_id, unsigned{STATX_MNT_ID}}) {
        if (::statx(AT_FDCWD, directory.c_str(), 0, wanted, &status) == 0 &&
            (status.stx_mask & wanted) != 0) {
            return status.stx_mnt_id;
        }
    }
    return 0;
}

// Differs after every start of the machine, and after the file system was mounted anew; empty where
// there is no such file, which then counts as another boot each time.
std::string boot_id_for(const std::string& directory) {
    std::string id = read_text("/proc/sys/kernel/random/boot_id");
    while (!id.empty() && id.back() == '\n') {
        id.pop_back();
    }
    return id.empty() ? id : id + " mount " + std::to_string(mount_id_of(directory));
}

Result<UniqueFd> open_folder(const std::string& path) {
    UniqueFd folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return folder ? Result<UniqueFd>(std::move(folder)) : system_error(errno, "open " + path);
}

Result<void> write_synced(const std::string& path, const std::string& text) {
    const UniqueFd file(::open(
        path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR
    ));
    if (!file) {
        return system_error(errno, "open " + path);
    }
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return system_error(errno, "write " + path);
    }
    return ::fdatasync(file.get()) == 0 ? ok() : sync_error(errno, "sync " + path);
}

}  // namespace

LastRun parse_run_mark(const std::string& text, const std::string& boot_id) {
    if (text.empty()) {
        return {};
    }
    return {
        .ended_cleanly = text.find("state stopped\n") != std::string::npos,
        .was_strict = text.find("durability strict\n") != std::string::npos,
        .is_same_boot =
            !boot_id.empty() && text.find("boot " + boot_id + "\n") != std::string::npos,
    };
}

Result<LastRun> RunMark::begin(bool is_strict) {
    is_strict_ = is_strict;
    const LastRun last = parse_run_mark(read_text(directory_ + "/run"), boot_id_for(directory_));
    if (last.left_unsynced()) {
        if (auto synced = sync_everything(); !synced) {
            return std::move(synced).error();
        }
    }
    if (last.lost_power()) {
        return last;
    }
    if (auto written = write("running"); !written) {
        return std::move(written).error();
    }
    return last;
}

Result<void> RunMark::recovered() {
    auto written = write("running");
    is_recovered_ = written.has_value();
    return written;
}

Result<void> RunMark::end() {
    if (!is_recovered_) {
        return ok();
    }
    if (!is_strict_) {
        if (auto synced = sync_everything(); !synced) {
            return synced;
        }
    }
    return write("stopped");
}

Result<void> RunMark::sync_everything() const {
    auto folder = open_folder(directory_);
    if (!folder) {
        return std::move(folder).error();
    }
    return ::syncfs(folder->get()) == 0 ? ok() : sync_error(errno, "syncfs " + directory_);
}

// Beside it and renamed: a power cut leaves the old one or the new one.
Result<void> RunMark::write(const std::string& state) const {
    const std::string text = "boot " + boot_id_for(directory_) + "\ndurability " +
                             (is_strict_ ? "strict" : "relaxed") + "\nstate " + state + "\n";
    const std::string path = directory_ + "/run";
    if (auto written = write_synced(path + ".new", text); !written) {
        return written;
    }
    if (::rename((path + ".new").c_str(), path.c_str()) != 0) {
        return system_error(errno, "rename " + path);
    }
    auto folder = open_folder(directory_);
    if (!folder) {
        return std::move(folder).error();
    }
    return ::fsync(folder->get()) == 0 ? ok() : sync_error(errno, "sync " + directory_);
}

}  // namespace sluice
