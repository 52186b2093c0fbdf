#include "media/colour_code.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <vector>

#include "base/assert.hpp"

namespace sluice {
namespace {

constexpr std::uint16_t primaries_bt2020 = 9;
constexpr std::uint16_t primaries_dci_p3 = 11;
constexpr std::uint16_t primaries_display_p3 = 12;
constexpr std::uint16_t transfer_pq = 16;
constexpr std::uint16_t transfer_hlg = 18;

// BT.2408: what is white in a picture that is not HDR; and what most HDR is mastered for.
constexpr double white_nits = 203;
constexpr double peak_nits = 1000;
constexpr double pq_nits = 10'000;

using Matrix = std::array<std::array<float, 3>, 3>;
// To linear BT.709 (BT.2087 and the like).
constexpr Matrix from_bt2020{
    {{1.6605F, -0.5876F, -0.0728F}, {-0.1246F, 1.1329F, -0.0083F}, {-0.0182F, -0.1006F, 1.1187F}}
};
constexpr Matrix from_p3{
    {{1.2249F, -0.2249F, 0.0F}, {-0.0420F, 1.0420F, 0.0F}, {-0.0197F, -0.0786F, 1.0983F}}
};
constexpr Matrix from_bt709{{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};

const Matrix& matrix_of(std::uint16_t primaries) {
    switch (primaries) {
        case primaries_bt2020:
            return from_bt2020;
        case primaries_dci_p3:
        case primaries_display_p3:
            return from_p3;
        default:
            return from_bt709;
    }
}

// SMPTE ST 2084.
constexpr double pq_m1 = 2610.0 / 16384;
constexpr double pq_m2 = 2523.0 / 4096 * 128;
constexpr double pq_c1 = 3424.0 / 4096;
constexpr double pq_c2 = 2413.0 / 4096 * 32;
constexpr double pq_c3 = 2392.0 / 4096 * 32;

double nits_of_pq(double value) {
    const double root = std::pow(value, 1 / pq_m2);
    return pq_nits * std::pow(std::max(root - pq_c1, 0.0) / (pq_c2 - pq_c3 * root), 1 / pq_m1);
}

double pq_of_nits(double nits) {
    const double power = std::pow(nits / pq_nits, pq_m1);
    return std::pow((pq_c1 + pq_c2 * power) / (1 + pq_c3 * power), pq_m2);
}

// BT.2100, for a display of 1000 cd/m²; its system gamma is applied to each colour alone.
double nits_of_hlg(double value) {
    constexpr double a = 0.17883277;
    constexpr double b = 0.28466892;
    constexpr double c = 0.55991073;
    constexpr double system_gamma = 1.2;
    const double scene = value <= 0.5 ? value * value / 3 : (std::exp((value - c) / a) + b) / 12;
    return peak_nits * std::pow(scene, system_gamma);
}

double linear_of_srgb(double value) {
    return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
}

double srgb_of_linear(double value) {
    return value <= 0.0031308 ? value * 12.92 : 1.055 * std::pow(value, 1 / 2.4) - 0.055;
}

// 1: white.
double linear_of(double value, std::uint16_t transfer) {
    switch (transfer) {
        case transfer_pq:
            return nits_of_pq(value) / white_nits;
        case transfer_hlg:
            return nits_of_hlg(value) / white_nits;
        default:
            return linear_of_srgb(value);
    }
}

// BT.2390, 5.4.1: straight up to a knee, then a spline that ends level.
double compressed(double linear) {
    const double peak = pq_of_nits(peak_nits);
    const double white = pq_of_nits(white_nits) / peak;
    const double knee = 1.5 * white - 0.5;
    const double value = std::min(pq_of_nits(linear * white_nits) / peak, 1.0);
    if (value < knee) {
        return linear;
    }
    const double t = (value - knee) / (1 - knee);
    const double t2 = t * t;
    const double t3 = t2 * t;
    const double mapped =
        (2 * t3 - 3 * t2 + 1) * knee + (t3 - 2 * t2 + t) * (1 - knee) + (3 * t2 - 2 * t3) * white;
    return nits_of_pq(mapped * peak) / white_nits;
}

constexpr std::size_t values_count = 65536;

template <class Value>
std::vector<Value> table_of(auto value_at) {
    std::vector<Value> table(values_count);
    for (std::size_t i = 0; i < values_count; ++i) {
        table[i] = static_cast<Value>(value_at(static_cast<double>(i) / (values_count - 1)));
    }
    return table;
}

std::size_t index_of(float part) {
    return static_cast<std::size_t>(std::clamp(part, 0.0F, 1.0F) * (values_count - 1) + 0.5F);
}

// The tables for one code, so that a pixel costs no power.
class Converter {
  public:
    explicit Converter(ColourCode code)
        : matrix_(matrix_of(code.primaries)),
          is_bright_(code.transfer == transfer_pq || code.transfer == transfer_hlg),
          linear_(table_of<float>([&](double v) { return linear_of(v, code.transfer); })),
          srgb_(table_of<std::uint8_t>([](double v) { return 255 * srgb_of_linear(v) + 0.5; })) {
        if (is_bright_) {
            gains_ = table_of<float>([](double root) {
                const double linear = root * root * brightest;
                return linear > 0 ? compressed(linear) / linear : 1;
            });
        }
    }

    void convert(const std::uint16_t* from, std::uint8_t* to) const {
        const std::array<float, 3> own{linear_[from[0]], linear_[from[1]], linear_[from[2]]};
        std::array<float, 3> rgb{};
        for (std::size_t i = 0; i < 3; ++i) {
            rgb[i] = matrix_[i][0] * own[0] + matrix_[i][1] * own[1] + matrix_[i][2] * own[2];
        }
        const float gain = is_bright_ ? gain_for(std::max({rgb[0], rgb[1], rgb[2]})) : 1;
        for (std::size_t i = 0; i < 3; ++i) {
            to[i] = srgb_[index_of(rgb[i] * gain)];
        }
    }

  private:
    static constexpr float brightest = static_cast<float>(pq_nits / white_nits);

    // By the square root, as the eye does: dark tones get their share of the table.
    float gain_for(float most) const {
        return gains_[index_of(std::sqrt(std::max(most, 0.0F) / brightest))];
    }

    const Matrix& matrix_;
    bool is_bright_;
    std::vector<float> linear_;
    std::vector<float> gains_;
    std::vector<std::uint8_t> srgb_;
};

std::uint16_t number_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint16_t>(
        static_cast<unsigned char>(text[at]) << 8 | static_cast<unsigned char>(text[at + 1])
    );
}

}  // namespace

std::optional<ColourCode> colour_code_of(std::span<const std::byte> start) {
    constexpr std::string_view mark = "colrnclx";
    const std::string_view text(reinterpret_cast<const char*>(start.data()), start.size());
    const auto at = text.find(mark);
    if (at == std::string_view::npos || text.size() < at + mark.size() + 4) {
        return std::nullopt;
    }
    return ColourCode{number_at(text, at + mark.size()), number_at(text, at + mark.size() + 2)};
}

bool needs_conversion(ColourCode code) {
    const bool is_bright = code.transfer == transfer_pq || code.transfer == transfer_hlg;
    return is_bright || &matrix_of(code.primaries) != &from_bt709;
}

void convert_to_srgb(
    std::span<const std::uint16_t> pixels,
    std::size_t bands,
    ColourCode code,
    std::span<std::uint8_t> into
) {
    SLUICE_ASSERT((bands == 3 || bands == 4) && pixels.size() == into.size());
    const Converter converter(code);
    for (std::size_t at = 0; at + bands <= pixels.size(); at += bands) {
        converter.convert(&pixels[at], &into[at]);
        if (bands == 4) {
            into[at + 3] = static_cast<std::uint8_t>(pixels[at + 3] >> 8);
        }
    }
}

}  // namespace sluice
