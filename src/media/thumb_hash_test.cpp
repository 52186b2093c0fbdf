#include "media/thumb_hash.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace sluice {
namespace {

using Pixel = std::array<std::uint32_t, 4>;

std::string hash_of(PixelSize size, Pixel (*pixel)(std::uint32_t x, std::uint32_t y)) {
    std::vector<std::uint8_t> rgba;
    for (std::uint32_t y = 0; y < size.height; ++y) {
        for (std::uint32_t x = 0; x < size.width; ++x) {
            for (const auto value : pixel(x, y)) {
                rgba.push_back(static_cast<std::uint8_t>(value));
            }
        }
    }
    return thumb_hash(rgba, size);
}

// What the reference implementation (npm thumbhash 0.1.1) says of the same pictures.
TEST(ThumbHash, IsTheReferencesOwn) {
    EXPECT_EQ(
        hash_of(
            {100, 75},
            [](auto x, auto y) {
                return Pixel{(x * x + 3 * y) % 256, y * y * x % 256, 7 * x * y % 256, 255};
            }
        ),
        "3hcCBYJERDVARURxZgaHg4sX0E2A"
    );
    EXPECT_EQ(
        hash_of(
            {40, 90},
            [](auto x, auto y) { return Pixel{x * y % 256, x * 5 % 256, y * 2 % 256, 255}; }
        ),
        "mSgKQxBwcXd3dnd3cn/3Zmc="
    );
    EXPECT_EQ(
        hash_of(
            {64, 64},
            [](auto x, auto y) { return Pixel{x * 4, 255 - y * 3, 128, x < 32 ? 0 : 255 - y}; }
        ),
        "qDmGFQhH1XQ/mHiIh9U/WA18cHp4iIeIhw=="
    );
}

TEST(ThumbHash, OnePixelIsEnough) {
    EXPECT_FALSE(hash_of({1, 1}, [](auto, auto) { return Pixel{10, 20, 30, 255}; }).empty());
    EXPECT_FALSE(hash_of({1, 100}, [](auto, auto) { return Pixel{0, 0, 0, 0}; }).empty());
}

}  // namespace
}  // namespace sluice
