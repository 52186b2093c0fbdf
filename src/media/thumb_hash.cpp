#include "media/thumb_hash.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <vector>

#include "base/assert.hpp"
#include "base/hmac.hpp"

namespace sluice {
namespace {

// Luminance, yellow-blue, red-green and opacity of every pixel, over the average colour.
struct Planes {
    std::vector<double> luminance;
    std::vector<double> yellow_blue;
    std::vector<double> red_green;
    std::vector<double> alpha;
    bool has_alpha = false;
};

Planes planes_of(std::span<const std::uint8_t> rgba) {
    const std::size_t pixels = rgba.size() / 4;
    std::array<double, 3> average{};
    double opacity = 0;
    for (std::size_t i = 0; i < pixels; ++i) {
        const double alpha = rgba[4 * i + 3] / 255.0;
        for (std::size_t c = 0; c < 3; ++c) {
            average[c] += alpha / 255 * rgba[4 * i + c];
        }
        opacity += alpha;
    }
    for (auto& colour : average) {
        colour = opacity > 0 ? colour / opacity : 0;
    }
    Planes planes;
    planes.has_alpha = opacity < static_cast<double>(pixels);
    for (std::size_t i = 0; i < pixels; ++i) {
        const double alpha = rgba[4 * i + 3] / 255.0;
        std::array<double, 3> rgb{};
        for (std::size_t c = 0; c < 3; ++c) {
            rgb[c] = average[c] * (1 - alpha) + alpha / 255 * rgba[4 * i + c];
        }
        const auto& [red, green, blue] = rgb;
        planes.luminance.push_back((red + green + blue) / 3);
        planes.yellow_blue.push_back((red + green) / 2 - blue);
        planes.red_green.push_back(red - green);
        planes.alpha.push_back(alpha);
    }
    return planes;
}

// The low frequencies of one plane.
struct Channel {
    double constant = 0;
    std::vector<double> terms;  // within 0..1 after scaling
    double scale = 0;
};

// The share of the plane that swings `x` times across and `y` times down.
double swing(const std::vector<double>& plane, PixelSize size, std::uint32_t x, std::uint32_t y) {
    using std::numbers::pi;
    std::vector<double> across(size.width);
    for (std::uint32_t i = 0; i < size.width; ++i) {
        across[i] = std::cos(pi / size.width * x * (i + 0.5));
    }
    double sum = 0;
    for (std::uint32_t row = 0; row < size.height; ++row) {
        const double down = std::cos(pi / size.height * y * (row + 0.5));
        for (std::uint32_t i = 0; i < size.width; ++i) {
            sum += plane[row * size.width + i] * across[i] * down;
        }
    }
    return sum / (static_cast<double>(size.width) * size.height);
}

Channel channel_of(
    const std::vector<double>& plane, PixelSize size, std::uint32_t wide, std::uint32_t high
) {
    Channel channel;
    channel.constant = swing(plane, size, 0, 0);
    for (std::uint32_t y = 0; y < high; ++y) {
        for (std::uint32_t x = y == 0 ? 1 : 0; x * high < wide * (high - y); ++x) {
            const double value = swing(plane, size, x, y);
            channel.terms.push_back(value);
            channel.scale = std::max(channel.scale, std::abs(value));
        }
    }
    if (channel.scale > 0) {
        for (auto& term : channel.terms) {
            term = 0.5 + 0.5 / channel.scale * term;
        }
    }
    return channel;
}

std::uint32_t nearest(double value) {
    return static_cast<std::uint32_t>(std::lround(value));
}

// Four bits each, the low ones first.
class Nibbles {
  public:
    explicit Nibbles(std::string& bytes) : bytes_(bytes) {}
    void add(const Channel& channel) {
        for (const double term : channel.terms) {
            const auto four = static_cast<unsigned char>(nearest(15 * term));
            if (is_low_) {
                bytes_.push_back(static_cast<char>(four));
            } else {
                bytes_.back() = static_cast<char>(bytes_.back() | (four << 4));
            }
            is_low_ = !is_low_;
        }
    }

  private:
    std::string& bytes_;
    bool is_low_ = true;
};

void append_bytes(std::string& bytes, std::uint32_t value, int count) {
    for (int i = 0; i < count; ++i) {
        bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    }
}

}  // namespace

std::string thumb_hash(std::span<const std::uint8_t> rgba, PixelSize size) {
    SLUICE_ASSERT(size.width > 0 && size.width <= thumb_hash_side_max);
    SLUICE_ASSERT(size.height > 0 && size.height <= thumb_hash_side_max);
    SLUICE_ASSERT(rgba.size() == std::size_t{4} * size.width * size.height);
    const Planes planes = planes_of(rgba);
    const double terms = planes.has_alpha ? 5 : 7;
    const auto longest = static_cast<double>(std::max(size.width, size.height));
    const auto wide = std::max(1U, nearest(terms * size.width / longest));
    const auto high = std::max(1U, nearest(terms * size.height / longest));
    const auto luminance =
        channel_of(planes.luminance, size, std::max(3U, wide), std::max(3U, high));
    const auto yellow_blue = channel_of(planes.yellow_blue, size, 3, 3);
    const auto red_green = channel_of(planes.red_green, size, 3, 3);
    const auto alpha = planes.has_alpha ? channel_of(planes.alpha, size, 5, 5) : Channel{};

    const bool is_landscape = size.width > size.height;
    const std::uint32_t head =
        nearest(63 * luminance.constant) | nearest(31.5 + 31.5 * yellow_blue.constant) << 6 |
        nearest(31.5 + 31.5 * red_green.constant) << 12 | nearest(31 * luminance.scale) << 18 |
        static_cast<std::uint32_t>(planes.has_alpha) << 23;
    const std::uint32_t more = (is_landscape ? high : wide) | nearest(63 * yellow_blue.scale) << 3 |
                               nearest(63 * red_green.scale) << 9 |
                               static_cast<std::uint32_t>(is_landscape) << 15;
    std::string bytes;
    append_bytes(bytes, head, 3);
    append_bytes(bytes, more, 2);
    if (planes.has_alpha) {
        append_bytes(bytes, nearest(15 * alpha.constant) | nearest(15 * alpha.scale) << 4, 1);
    }
    Nibbles nibbles(bytes);
    nibbles.add(luminance);
    nibbles.add(yellow_blue);
    nibbles.add(red_green);
    nibbles.add(alpha);
    return base64_of(bytes);
}

}  // namespace sluice
