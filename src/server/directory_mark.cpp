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

}  // namespace

std::string new_mark() {
    return random_word(mark_length);
}

std::string read_mark(const std::string& data) {
    std::ifstream file(data + mark_file);
    std::string id;
    std::getline(file, id);
    return id;
}

Result<void> write_mark(const std::string& data, const std::string& id) {
    return write_file_whole(data + mark_file, id);
}

Result<void> write_file_whole(const std::string& path, const std::string& line) {
    if (std::ofstream file(path + ".new"); !(file << line << '\n' << std::flush)) {
        return system_error(errno == 0 ? EIO : errno, "write " + path + ".new");
    }
    if (auto synced = sync(path + ".new", O_RDONLY); !synced) {
        return synced;
    }
    if (::rename((path + ".new").c_str(), path.c_str()) != 0) {
        return system_error(errno, "rename " + path);
    }
    return sync_directory(std::filesystem::path(path).parent_path());
}

Result<void> sync_directory(const std::string& data) {
    return sync(data, O_RDONLY | O_DIRECTORY);
}

}  // namespace sluice::server
