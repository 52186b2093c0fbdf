// The WebVTT file that tells a player which tile of a storyboard stands for which time. Pure.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "media/video_plan.hpp"

namespace sluice {

// `picture`: the sprite's name, beside the file.
std::string storyboard_vtt(
    const Storyboard& storyboard, std::chrono::milliseconds duration, std::string_view picture
);

}  // namespace sluice
