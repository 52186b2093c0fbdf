#include "media/storyboard_vtt.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace sluice {
namespace {

std::string time_text(std::chrono::milliseconds time) {
    const auto ms = time.count();
    return fmt::format(
        "{:02}:{:02}:{:02}.{:03}", ms / 3'600'000, ms / 60'000 % 60, ms / 1000 % 60, ms % 1000
    );
}

}  // namespace

std::string storyboard_vtt(
    const Storyboard& storyboard, std::chrono::milliseconds duration, std::string_view picture
) {
    std::string text = "WEBVTT\n";
    for (unsigned i = 0; i < storyboard.tiles; ++i) {
        const std::chrono::milliseconds begin = i * storyboard.step;
        text += fmt::format(
            "\n{} --> {}\n{}#xywh={},{},{},{}\n",
            time_text(begin),
            time_text(std::max(begin, std::min(duration, begin + storyboard.step))),
            picture,
            i % storyboard.columns * storyboard.tile.width,
            i / storyboard.columns * storyboard.tile.height,
            storyboard.tile.width,
            storyboard.tile.height
        );
    }
    return text;
}

}  // namespace sluice
