#include "dev_tls/folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string_view>

#include "base/unique_fd.hpp"

namespace sluice::dev_tls {
namespace {

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t count = ::write(file, content.data(), content.size());
        if (count < 0 && errno != EINTR) {
            return false;
        }
        content.remove_prefix(count > 0 ? static_cast<std::size_t>(count) : 0);
    }
    return ::fsync(file) == 0;
}

}  // namespace

Result<void> make_private_folder(const std::string& folder) {
    if (::mkdir(folder.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
        return system_error(errno, "mkdir " + folder);
    }
    if (::chmod(folder.c_str(), S_IRWXU) != 0) {
        return system_error(errno, "chmod " + folder);
    }
    return ok();
}

Result<void> write_file(
    const std::string& folder, const std::string& name, const std::string& content, mode_t mode
) {
    const std::string path = folder + "/" + name;
    const std::string draft = path + ".new";
    ::unlink(draft.c_str());  // of a process that died while it wrote
    const UniqueFd file(::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode));
    if (!file || !write_all(file.get(), content)) {
        return system_error(errno, "write " + draft);
    }
    if (::rename(draft.c_str(), path.c_str()) != 0) {
        return system_error(errno, "rename " + draft);
    }
    return ok();
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace sluice::dev_tls
