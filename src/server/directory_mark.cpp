#include "server/directory_mark.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "base/hmac.hpp"
#include "base/unique_fd.hpp"

namespace sluice::server {
namespace {

constexpr std::size_t mark_length = 20;

Result<void> sync(const std::string& path, int flags) {
    const UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC));
    return file && ::fsync(file.get()) == 0 ? ok() : system_error(errno, "sync " + path);
}

Result<void> write_whole(const std::string& path, const std::string& id) {
    if (std::ofstream file(path); !(file << id << '\n' << std::flush)) {
        return system_error(errno == 0 ? EIO : errno, "write " + path);
    }
    return sync(path, O_RDONLY);
}

}  // namespace

std::string read_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::string new_mark() {
    return random_word(mark_length);
}

std::string read_mark(const std::string& data) {
    return read_line(data + mark_file);
}

Result<void> write_mark(const std::string& data, const std::string& id) {
    return write_file_whole(data + mark_file, id);
}

Result<void> write_file_whole(const std::string& path, const std::string& line) {
    if (auto written = write_whole(path + ".new", line); !written) {
        return written;
    }
    if (::rename((path + ".new").c_str(), path.c_str()) != 0) {
        return system_error(errno, "rename " + path);
    }
    return sync_directory(std::filesystem::path(path).parent_path());
}

Result<std::string> promised_mark(const std::string& data) {
    const std::string path = data + mark_file + ".new";
    if (auto found = read_line(path); !found.empty()) {
        return found;
    }
    const std::string id = new_mark();
    const std::string own = path + "." + id;
    if (auto written = write_whole(own, id); !written) {
        return std::move(written).error();
    }
    // Whoever comes first names it; a file that is linked is whole.
    const bool is_linked = ::link(own.c_str(), path.c_str()) == 0;
    const int why = errno;
    ::unlink(own.c_str());
    if (!is_linked && why != EEXIST) {
        return system_error(why, "link " + path);
    }
    if (auto synced = sync_directory(data); !synced) {
        return std::move(synced).error();
    }
    return read_line(path);
}

// By a file of our own: what is promised may be another's by now, who began when this one's had just been kept.
Result<void> keep_promised_mark(const std::string& data, const std::string& id) {
    const std::string path = data + mark_file;
    const std::string own = path + "." + new_mark();
    if (auto written = write_whole(own, id); !written) {
        return written;
    }
    if (::rename(own.c_str(), path.c_str()) != 0) {
        return system_error(errno, "rename " + path);
    }
    if (auto synced = sync_directory(data); !synced) {
        return synced;
    }
    ::unlink((path + ".new").c_str());
    return ok();
}

Result<void> sync_directory(const std::string& data) {
    return sync(data, O_RDONLY | O_DIRECTORY);
}

}  // namespace sluice::server
