// SmallDisk: a file system of a few hundred KiB, mounted for one test. Only root may mount;
// elsewhere is_mounted() says no and the test falls back to a limit of file sizes, see
// FileSizeLimit.
#pragma once

#include <sys/mount.h>
#include <sys/resource.h>

#include <csignal>
#include <string>

namespace sluice {

class SmallDisk {
  public:
    explicit SmallDisk(std::string folder, const char* size = "size=512k")
        : folder_(std::move(folder)) {
        is_mounted_ = ::mount("tmpfs", folder_.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, size) == 0;
    }
    SmallDisk(const SmallDisk&) = delete;
    SmallDisk& operator=(const SmallDisk&) = delete;
    ~SmallDisk() {
        if (is_mounted_) {
            ::umount2(folder_.c_str(), MNT_DETACH);
        }
    }
    bool is_mounted() const { return is_mounted_; }

  private:
    std::string folder_;
    bool is_mounted_ = false;
};

// Files of this process may not grow beyond `bytes` while it lives: writes and fallocate fail with
// EFBIG.
class FileSizeLimit {
  public:
    explicit FileSizeLimit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit lower{bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &lower);
    }
    FileSizeLimit(const FileSizeLimit&) = delete;
    FileSizeLimit& operator=(const FileSizeLimit&) = delete;
    ~FileSizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_{};
};

}  // namespace sluice
