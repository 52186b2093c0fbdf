#include "media/decoder_messages.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice {
namespace {

// A longer line is cut: its beginning says whose it is.
constexpr std::size_t line_max = 512;
constexpr std::uint64_t repeated_max = 1'000'000;

// The decoder that ffmpeg takes, where its name differs from the codec's.
std::string_view decoder_of(std::string_view codec) {
    return codec == "av1" ? "libdav1d" : codec;
}

}  // namespace

DecoderMessages::DecoderMessages(std::string_view codec)
    : mark_("[" + std::string(decoder_of(codec)) + " @ ") {}

void DecoderMessages::feed(std::string_view bytes) {
    for (auto end = bytes.find('\n'); end != std::string_view::npos; end = bytes.find('\n')) {
        partial_ += bytes.substr(0, std::min(end, line_max));
        take_line(partial_);
        partial_.clear();
        bytes.remove_prefix(end + 1);
    }
    if (partial_.size() < line_max) {
        partial_ += bytes.substr(0, line_max);
    }
}

void DecoderMessages::take_line(std::string_view line) {
    constexpr std::string_view repeated = "Last message repeated ";
    const auto text = trim(line);
    if (text.starts_with(repeated)) {
        const auto number = text.substr(repeated.size());
        const auto times = parse_unsigned(number.substr(0, number.find(' ')));
        count_ += was_counted_ && times ? std::min(*times, repeated_max) : 0;
        return;
    }
    was_counted_ = line.starts_with(mark_);
    count_ += was_counted_ ? 1 : 0;
}

bool means_damage(std::uint64_t messages, std::uint64_t pictures) {
    constexpr std::uint64_t messages_min = 4;
    constexpr std::uint64_t pictures_per_message = 4;
    return messages >= messages_min && messages > pictures / pictures_per_message;
}

}  // namespace sluice
