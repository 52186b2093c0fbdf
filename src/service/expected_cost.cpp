#include "service/expected_cost.hpp"

#include <algorithm>
#include <array>

#include "media/cost_model.hpp"
#include "media/film_header.hpp"

namespace sluice {
namespace {

// What is smaller is done in a moment, and is not worth a read of its own.
constexpr ByteCount worth_a_look{std::uint64_t{256} << 10};
// An index is read in many small steps, near each other.
constexpr std::size_t window_bytes = 16 * 1024;
constexpr int windows_max = 16;

class Window {
  public:
    Window(BlobStore& blobs, const std::vector<Extent>& layout) : blobs_(blobs), layout_(layout) {}

    std::size_t read(std::uint64_t offset, std::span<std::byte> into) {
        const bool is_inside = offset >= at_ && offset + into.size() <= at_ + filled_;
        if (!is_inside && !fill(offset)) {
            return 0;
        }
        const std::size_t count = std::min(into.size(), filled_);
        std::copy_n(
            bytes_.begin() + static_cast<std::ptrdiff_t>(offset - at_), count, into.begin()
        );
        return count;
    }

  private:
    bool fill(std::uint64_t offset) {
        at_ = offset;
        filled_ = 0;
        if (windows_++ == windows_max) {
            return false;
        }
        std::uint64_t begins = 0;
        for (const Extent& extent : layout_) {
            if (!take_from(extent, begins)) {
                return false;
            }
            begins += extent.length.value;
        }
        return filled_ > 0;
    }

    // What of the extent, which begins there, comes next.
    bool take_from(const Extent& extent, std::uint64_t begins) {
        const std::uint64_t from = at_ + filled_;
        const std::uint64_t ends = begins + extent.length.value;
        if (from < begins || from >= ends || filled_ == bytes_.size()) {
            return true;
        }
        const auto count = std::min<std::uint64_t>(bytes_.size() - filled_, ends - from);
        const auto into = std::span(bytes_).subspan(filled_, count);
        filled_ += count;
        return blobs_.read(extent, {from - begins}, into).has_value();
    }

    BlobStore& blobs_;
    const std::vector<Extent>& layout_;
    std::array<std::byte, window_bytes> bytes_{};
    std::uint64_t at_ = 0;
    std::size_t filled_ = 0;
    int windows_ = 0;
};

}  // namespace

std::chrono::milliseconds expected_cost(
    BlobStore& blobs, const Upload& upload, const std::vector<Extent>& layout
) {
    if (family_of(upload.category) == Family::video && upload.total >= worth_a_look) {
        Window window(blobs, layout);
        const auto film = film_header(
            upload.total.value,
            [&window](std::uint64_t offset, std::span<std::byte> into) {
                return window.read(offset, into);
            }
        );
        if (film) {
            return wall_expected(*film);
        }
    }
    return wall_expected(upload.category, upload.total);
}

}  // namespace sluice
