#include "service/read_pieces.hpp"

#include <algorithm>

#include "base/do_each.hpp"

namespace sluice {
namespace {

constexpr std::size_t piece_bytes = 1024 * 1024;

}  // namespace

Result<void> read_pieces(
    BlobStore& blobs,
    const std::vector<Extent>& layout,
    const std::function<void(std::span<const std::byte>)>& take
) {
    std::vector<std::byte> piece(piece_bytes);
    return do_each(layout, [&](const Extent& extent) -> Result<void> {
        for (std::uint64_t at = 0; at < extent.length.value; at += piece.size()) {
            const auto count = std::min<std::uint64_t>(piece.size(), extent.length.value - at);
            const auto bytes = std::span(piece).first(count);
            if (auto read = blobs.read(extent, {at}, bytes); !read) {
                return read;
            }
            take(bytes);
        }
        return ok();
    });
}

}  // namespace sluice
