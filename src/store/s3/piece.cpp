#include "store/s3/piece.hpp"

#include <fcntl.h>
#include <stdlib.h>  // mkostemp is not in <cstdlib>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace sluice::s3 {

bool PieceBudget::take(std::size_t bytes) {
    std::size_t used = used_.load();
    while (used + bytes <= memory_max_.value) {
        if (used_.compare_exchange_weak(used, used + bytes)) {
            return true;
        }
    }
    return false;
}

bool Piece::is_quick(std::size_t bytes) const {
    return !file_ && length_ + bytes <= in_memory();
}

Result<void> Piece::append(std::span<const std::byte> bytes) {
    const auto rest = bytes.subspan(append_to_memory(bytes));
    return rest.empty() ? ok() : append_to_file(rest);
}

// With room for one byte at least.
bool Piece::has_chunk() {
    if (length_ < in_memory()) {
        return true;
    }
    const bool is_given = budget_.take(chunk_bytes);
    if (is_given) {
        chunks_.push_back(std::make_unique_for_overwrite<std::byte[]>(chunk_bytes));
    }
    return is_given;
}

// How many went there.
std::size_t Piece::append_to_memory(std::span<const std::byte> bytes) {
    std::size_t done = 0;
    while (!file_ && done < bytes.size() && has_chunk()) {
        const std::size_t at = length_ % chunk_bytes;
        const std::size_t count = std::min(chunk_bytes - at, bytes.size() - done);
        std::copy_n(
            bytes.begin() + static_cast<std::ptrdiff_t>(done), count, chunks_.back().get() + at
        );
        length_ += count;
        done += count;
    }
    return done;
}

Result<void> Piece::append_to_file(std::span<const std::byte> bytes) {
    if (!file_) {
        std::string name = budget_.scratch() + "/body-XXXXXX";
        file_ = UniqueFd(::mkostemp(name.data(), O_CLOEXEC));
        if (!file_ || ::unlink(name.c_str()) != 0) {
            return system_error(errno, "make a file in " + budget_.scratch());
        }
    }
    while (!bytes.empty()) {
        const ssize_t written = ::pwrite(
            file_.get(), bytes.data(), bytes.size(), static_cast<off_t>(length_ - in_memory())
        );
        if (written < 0 && errno != EINTR) {
            return system_error(errno, "write to a file in " + budget_.scratch());
        }
        const std::size_t count = written < 0 ? 0 : static_cast<std::size_t>(written);
        length_ += count;
        bytes = bytes.subspan(count);
    }
    return ok();
}

std::size_t Piece::read(ByteOffset offset, std::span<std::byte> bytes) const {
    std::size_t at = std::min<std::uint64_t>(offset.value, length_);
    bytes = bytes.first(std::min(bytes.size(), length_ - at));
    std::size_t done = 0;
    while (done < bytes.size() && at < in_memory()) {
        const std::size_t within = at % chunk_bytes;
        const std::size_t count = std::min(chunk_bytes - within, bytes.size() - done);
        std::copy_n(
            chunks_[at / chunk_bytes].get() + within,
            count,
            bytes.begin() + static_cast<std::ptrdiff_t>(done)
        );
        at += count;
        done += count;
    }
    if (done < bytes.size()) {
        const FileBody rest(file_.get(), {0}, {length_ - in_memory()});
        done += rest.read({at - in_memory()}, bytes.subspan(done));
    }
    return done;
}

void Piece::clear() {
    budget_.give_back(in_memory());
    chunks_.clear();
    file_ = UniqueFd();
    length_ = 0;
}

}  // namespace sluice::s3
