#include "yardstick/store.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

namespace sluice::yardstick {
namespace {

constexpr std::uint64_t first_id = 1'000'000'000'000'000'000;
constexpr std::uint64_t block = 4096;
// Reserved at once, and used from the start again when it is full: no run of the bench is as long.
constexpr std::uint64_t packed_size = 4ULL << 30;

}  // namespace

Store::Store(const Options& options) : options_(options) {
    if (is_packed()) {
        packed_file_ = open_file("packed");
        if (::fallocate(packed_file_, 0, 0, packed_size) != 0) {
            std::perror("yardstick: fallocate");
            std::exit(1);
        }
    }
}

int Store::open_file(const std::string& name) const {
    if (options_.way == Way::sink) {
        return -1;
    }
    const int direct = options_.way == Way::cached ? 0 : O_DIRECT;
    const int file = ::open(
        (options_.folder + "/" + name).c_str(),
        O_CREAT | O_RDWR | O_TRUNC | O_CLOEXEC | direct,
        0644
    );
    if (file < 0) {
        std::perror("yardstick: open");
        std::exit(1);
    }
    return file;
}

std::string Store::create(std::uint64_t total) {
    const std::string id = std::to_string(first_id + uploads_.size());
    uploads_.push_back({
        .file = is_packed() ? packed_file_ : open_file(id),
        .base = is_packed() ? reserve(total) : 0,
        .total = total,
    });
    return id;
}

std::uint64_t Store::reserve(std::uint64_t length) {
    const std::uint64_t rounded = (length + block - 1) / block * block;
    if (packed_end_ + rounded > packed_size) {
        packed_end_ = 0;
    }
    return std::exchange(packed_end_, packed_end_ + rounded);
}

Stored* Store::find(std::string_view id) {
    const std::uint64_t number = std::strtoull(std::string(id).c_str(), nullptr, 10) - first_id;
    return number < uploads_.size() ? &uploads_[number] : nullptr;
}

std::uint64_t Store::place(Stored& stored, std::uint64_t index, std::uint64_t length) {
    if (stored.stride == 0) {
        stored.stride = length;
    }
    return stored.base + index * stored.stride;
}

void Store::finish(Stored& stored) {
    if (stored.is_finished || stored.file < 0) {
        return;
    }
    if (options_.is_syncing && ::fdatasync(stored.file) != 0) {
        std::perror("yardstick: fdatasync");
        std::exit(1);
    }
    stored.is_finished = true;
}

}  // namespace sluice::yardstick
