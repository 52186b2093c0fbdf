#include "base/file_checksum.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <span>
#include <vector>

#include "base/digest.hpp"

namespace sluice {
namespace {

constexpr std::size_t read_piece = std::size_t{1} << 20;

}  // namespace

Result<std::uint32_t> crc32c_of_file(int file, const std::function<Result<void>()>& between) {
    std::vector<std::byte> piece(read_piece);
    std::uint32_t crc = 0;
    off_t at = 0;
    while (true) {
        const ssize_t count = ::pread(file, piece.data(), piece.size(), at);
        if (count < 0 && errno != EINTR) {
            return system_error(errno, "read a file");
        }
        if (count == 0) {
            return crc;
        }
        const std::size_t got = count < 0 ? 0 : static_cast<std::size_t>(count);
        crc = crc32c(std::span(piece).first(got), crc);
        at += static_cast<off_t>(got);
        if (auto alive = between(); !alive) {
            return std::move(alive).error();
        }
    }
}

}  // namespace sluice
