#include "loadgen/content.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace sluice::bench {
namespace {

constexpr std::uint64_t page = 4096;

// splitmix64: every word of the region is another.
std::uint64_t word_at(std::uint64_t index) {
    std::uint64_t mixed = index * 0x9E3779B97F4A7C15ULL + 0x5851F42D4C957F2DULL;
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9ULL;
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBULL;
    return mixed ^ (mixed >> 31);
}

std::string big_endian(std::uint64_t value) {
    std::string bytes(8, '\0');
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        bytes[i] = static_cast<char>(value >> (56 - 8 * i));
    }
    return bytes;
}

std::string read_file(const std::string& name) {
    if (name.empty()) {
        return {};
    }
    std::ifstream file(name, std::ios::binary);
    if (!file) {
        throw std::runtime_error("cannot read " + name);
    }
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

Content::Content(std::uint64_t region_size, const std::string& stencil_file)
    : size_(region_size / page * page),
      file_(::memfd_create("content", MFD_CLOEXEC)),
      stencil_(read_file(stencil_file)) {
    if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(size_)) != 0) {
        throw std::runtime_error("no memory for the content");
    }
    void* mapped = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, file_, 0);
    if (mapped == MAP_FAILED) {
        throw std::runtime_error("no memory for the content");
    }
    auto* bytes = static_cast<char*>(mapped);
    for (std::uint64_t at = 0; at < size_; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = word_at(at / sizeof word);
        std::memcpy(bytes + at, &word, sizeof word);
    }
    bytes_ = bytes;
}

Content::~Content() {
    ::munmap(const_cast<char*>(bytes_), size_);
    ::close(file_);
}

const std::string& Content::prefix_for(std::uint64_t size) {
    if (!stencil_.empty() && size != prefix_size_) {
        if (size < smallest_size()) {
            throw std::runtime_error("an upload is smaller than the stencil");
        }
        // Length 1: the true length follows in eight bytes.
        prefix_ = stencil_ + std::string("\0\0\0\1free", 8) + big_endian(size - stencil_.size());
        prefix_size_ = size;
    }
    return prefix_;
}

Piece Content::piece_at(const Extent& extent) {
    const std::string& prefix = prefix_for(extent.size);
    if (extent.offset < prefix.size()) {
        const auto text = std::string_view(prefix).substr(extent.offset, extent.length);
        return {text, 0, text.size()};
    }
    const std::uint64_t at = (extent.upload * page + extent.offset) % size_;
    return {{}, static_cast<off_t>(at), std::min(extent.length, size_ - at)};
}

bool Content::is_same(Extent extent, std::span<const char> bytes) {
    extent.length = bytes.size();
    while (!bytes.empty()) {
        const Piece piece = piece_at(extent);
        const char* expected = piece.text.empty() ? bytes_ + piece.file_offset : piece.text.data();
        if (std::memcmp(expected, bytes.data(), piece.length) != 0) {
            return false;
        }
        bytes = bytes.subspan(piece.length);
        extent.offset += piece.length;
        extent.length -= piece.length;
    }
    return true;
}

}  // namespace sluice::bench
