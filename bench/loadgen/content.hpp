// The bytes that are sent: the same size and number give the same bytes again, so that what a
// server stored can be compared, and no two uploads of a run carry the same.
//
// Upload k is bytes of a region from page k on (wrapping), behind a stencil if there is one: a
// whole small file (an MP4) that the server takes for media, followed by the head of a `free` box
// that covers the rest.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::bench {

struct Extent {
    std::uint64_t upload = 0;  // its number
    std::uint64_t size = 0;    // of the whole upload
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

// Of an extent: either a text, or bytes of the region's file.
struct Piece {
    std::string_view text;
    off_t file_offset = 0;
    std::uint64_t length = 0;
};

class Content {
  public:
    // `stencil_file` may be empty. Throws if it cannot be read.
    Content(std::uint64_t region_size, const std::string& stencil_file);
    Content(const Content&) = delete;
    Content& operator=(const Content&) = delete;
    ~Content();

    int file() const { return file_; }
    std::uint64_t smallest_size() const { return stencil_.empty() ? 1 : stencil_.size() + 16; }

    // The first piece of an extent, to be sent from memory or by sendfile().
    Piece piece_at(const Extent& extent);
    bool is_same(Extent extent, std::span<const char> bytes);

  private:
    const std::string& prefix_for(std::uint64_t size);

    std::uint64_t size_;
    int file_;
    const char* bytes_;
    std::string stencil_;
    std::string prefix_;  // the stencil and the head of the box, for prefix_size_
    std::uint64_t prefix_size_ = 0;
};

}  // namespace sluice::bench
