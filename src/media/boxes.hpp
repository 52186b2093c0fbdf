// The outermost boxes of an ISO base media file (MP4, MOV): which one is cut, at which byte, and
// whether the index is there at all. For telling people; no decoder relies on it. The file may be
// hostile: bounded steps, nothing but numbers and four letters is taken from it. Pure but for
// `read`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>

namespace sluice {

// Fills `into` from `offset` on and returns how many bytes there were.
using ReadAt = std::function<std::size_t(std::uint64_t offset, std::span<std::byte> into)>;

// What is wrong, as a sentence without its full stop; empty if the boxes are whole and an index is
// among them.
std::string box_fault(std::uint64_t file_size, const ReadAt& read);

}  // namespace sluice
