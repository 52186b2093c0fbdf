#include "media/test_media.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace sluice::test {
namespace {

using namespace std::string_literals;

// TIFF, big-endian: orientation, a description, and a GPS directory with a reference letter.
std::string exif_segment(std::uint8_t orientation) {
    const auto description = "GPS-SECRET\0"s;
    const auto tiff =
        "MM\0\x2a\0\0\0\x08"s
        "\0\x03"
        "\x01\x0e\0\x02\0\0\0\x0b\0\0\0\x32"s
        "\x01\x12\0\x03\0\0\0\x01\0"s +
        std::string(1, static_cast<char>(orientation)) +
        "\0\0"s
        "\x88\x25\0\x04\0\0\0\x01\0\0\0\x3e"s
        "\0\0\0\0"s +
        description + "\0"s +
        "\0\x01"
        "\0\x01\0\x02\0\0\0\x02N\0\0\0"s
        "\0\0\0\0"s;
    const auto body = "Exif\0\0"s + tiff;
    const auto length = body.size() + 2;
    return "\xff\xe1"s + static_cast<char>(length >> 8) + static_cast<char>(length & 0xff) + body;
}

}  // namespace

TempFolder::TempFolder() {
    auto pattern = (std::filesystem::temp_directory_path() / "sluice-test-XXXXXX").string();
    path_ = ::mkdtemp(pattern.data());
}

TempFolder::~TempFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

std::string shell(const std::string& line) {
    std::string output;
    auto* pipe = ::popen(line.c_str(), "r");
    if (pipe == nullptr) {
        ADD_FAILURE() << line;
        return output;
    }
    std::array<char, 4096> buffer{};
    for (std::size_t count = 0; (count = std::fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
        output.append(buffer.data(), count);
    }
    EXPECT_EQ(::pclose(pipe), 0) << line;
    return output;
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, std::string_view bytes) {
    std::ofstream file(path, std::ios::binary);
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    EXPECT_TRUE(file) << path;
}

void make_clip(const std::string& path, std::string_view size, int seconds, bool index_first) {
    const auto duration = std::to_string(seconds);
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=r=30:s=" + std::string(size) +
        ":d=" + duration + " -f lavfi -i sine=d=" + duration +
        " -c:v libx264 -preset ultrafast -pix_fmt yuv420p -c:a aac -shortest" +
        (index_first ? " -movflags +faststart" : "") + " -metadata title=SECRET-TITLE -f mp4 '" +
        path + "'"
    );
}

void make_phone_jpeg(const std::string& path, std::string_view size, std::uint8_t orientation) {
    shell(
        "ffmpeg -nostdin -v error -y -f lavfi -i testsrc2=s=" + std::string(size) +
        " -frames:v 1 -f image2 -c:v mjpeg '" + path + "'"
    );
    auto bytes = read_file(path);
    bytes.insert(2, exif_segment(orientation));
    write_file(path, bytes);
}

std::string video_facts(const std::string& path, std::string_view entries) {
    auto text = shell(
        "ffprobe -v error -select_streams v:0 -show_entries " + std::string(entries) +
        " -of csv=p=0 '" + path + "'"
    );
    while (!text.empty() && (text.back() == '\n' || text.back() == ',')) {
        text.pop_back();
    }
    return text;
}

}  // namespace sluice::test
