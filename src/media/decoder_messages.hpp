// ffmpeg ends well on many damaged files: decoders conceal what they cannot read, and say so only
// on stderr. This counts what one decoder said. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

class DecoderMessages {
  public:
    // `codec`: as the probe named it.
    explicit DecoderMessages(std::string_view codec);

    // Bytes of stderr as they come.
    void feed(std::string_view bytes);
    std::uint64_t count() const { return count_; }

  private:
    void take_line(std::string_view line);

    std::string mark_;
    std::string partial_;
    std::uint64_t count_ = 0;
    bool was_counted_ = false;  // the line before, which may be repeated
};

// Whether so many messages about so many pictures mean that they are damaged. One damaged picture
// makes two to three messages; a stream that was cut into begins with a few.
bool means_damage(std::uint64_t messages, std::uint64_t pictures);

}  // namespace sluice
