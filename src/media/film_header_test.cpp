#include "media/film_header.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::string number(std::uint64_t value, int bytes) {
    std::string text;
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
        text += static_cast<char>(shift < 64 ? value >> shift & 0xffU : 0);
    }
    return text;
}

std::string box(std::string_view name, const std::string& body) {
    return number(8 + body.size(), 4).append(name) + body;
}

std::string track(
    std::string_view kind, std::uint32_t width, std::uint32_t height, std::uint32_t n
) {
    const auto head =
        std::string(76, '\0') + number(width, 2) + number(0, 2) + number(height, 2) + number(0, 2);
    const auto table = box("stbl", box("stsd", "xxxx") + box("stsz", number(0, 8) + number(n, 4)));
    const auto handler = box("hdlr", number(0, 8).append(kind) + number(0, 12));
    return box("trak", box("tkhd", head) + box("mdia", handler + box("minf", table)));
}

std::string index(const std::string& tracks) {
    const auto length = number(0, 12) + number(600, 4) + number(6000, 4) + number(0, 80);
    return box("moov", box("mvhd", length) + tracks);
}

std::optional<FilmHeader> header(const std::string& file) {
    return film_header(file.size(), [&file](std::uint64_t offset, std::span<std::byte> into) {
        const std::size_t count = std::min<std::size_t>(into.size(), file.size() - offset);
        std::ranges::copy(std::as_bytes(std::span(file)).subspan(offset, count), into.begin());
        return count;
    });
}

const std::string sound = track("soun", 0, 0, 430);
const std::string picture = track("vide", 1280, 720, 300);
const FilmHeader expected{1280, 720, 300, true, 10s};

TEST(FilmHeader, IsReadWhereverTheIndexStands) {
    const auto media = box("mdat", std::string(1000, 'x'));
    const auto type = box("ftyp", "isomxxxx");
    EXPECT_EQ(header(type + index(picture + sound) + media), expected);
    EXPECT_EQ(header(type + media + index(sound + picture)), expected);
    const auto large = number(1, 4).append("mdat") + number(16 + 50, 8) + std::string(50, 'x');
    EXPECT_EQ(header(type + large + index(picture + sound)), expected);
}

TEST(FilmHeader, IsNothingWhereTheIndexDoesNotTell) {
    EXPECT_EQ(header(""), std::nullopt);
    EXPECT_EQ(header(std::string(4000, 'x')), std::nullopt);
    EXPECT_EQ(header(index(sound)), std::nullopt);
    EXPECT_EQ(header(index(track("vide", 1280, 720, 0))), std::nullopt) << "in fragments";
    EXPECT_EQ(header(index(track("vide", 0, 720, 300))), std::nullopt);
    EXPECT_EQ(header(index(track("vide", 60'000, 720, 300))), std::nullopt);
    const auto whole = index(picture);
    for (std::size_t length = 0; length < whole.size(); ++length) {
        EXPECT_EQ(header(whole.substr(0, length)), std::nullopt) << length;
    }
}

TEST(FilmHeader, IsThatOfTheDearestTrack) {
    const auto decoy = track("vide", 64, 36, 2);
    EXPECT_EQ(header(index(decoy + picture + sound)), expected);
    EXPECT_EQ(header(index(picture + sound + decoy)), expected);
    const auto large = track("vide", 16'000, 16'000, 1);
    EXPECT_EQ(header(index(large + picture + sound)), expected)
        << "its one picture is encoded once";
}

TEST(FilmHeader, CostsWhatItsPicturesCostAndNotItsBytes) {
    const FilmHeader small{640, 360, 300, false, 10s};
    const FilmHeader large{1920, 1080, 300, false, 10s};
    const FilmHeader longer{640, 360, 3000, false, 100s};
    EXPECT_GT(wall_expected(large), 3 * wall_expected(small));
    EXPECT_GT(wall_expected(longer), 6 * wall_expected(small));
    const FilmHeader absurd{16'000, 16'000, 4'000'000'000, true, 999'999s};
    EXPECT_GT(wall_expected(absurd), 1h);
    EXPECT_LT(wall_expected(absurd), 24h * 365);
}

}  // namespace
}  // namespace sluice
