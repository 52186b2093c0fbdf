// Media for tests, made with ffmpeg at test time, and a folder that goes away with the test. In
// test programs only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::test {

class TempFolder {
  public:
    TempFolder();
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder();

    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// Runs a shell line that the test itself wrote; its standard output. A failure fails the test.
std::string shell(const std::string& line);

std::string read_file(const std::string& path);
void write_file(const std::string& path, std::string_view bytes);

// H.264 and AAC, 30 frames per second; the index stands in front if `index_first`.
void make_clip(
    const std::string& path, std::string_view size, int seconds, bool index_first = false
);

// A JPEG that a phone might write: EXIF with the orientation and a position ("GPS-SECRET" stands in
// it as text).
void make_phone_jpeg(const std::string& path, std::string_view size, std::uint8_t orientation);

// "h264,640,360" for stream=codec_name,width,height of the first video stream.
std::string video_facts(const std::string& path, std::string_view entries);

}  // namespace sluice::test
