// What is made from a video or an animated GIF, decided from the probe (reference: media-pipeline,
// sections 3 to 5). Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/ladder.hpp"
#include "media/plan.hpp"

namespace sluice {

// The video in one size: a progressive MP4 with its sound, and a track of the HLS presentation.
struct Rendition {
    PixelSize size;
    Rung rung;
    std::string name;        // "1280x720.mp4"
    std::string track;       // "v720": the HLS track, "v720.mp4" and "v720.m3u8"; empty: no HLS
    bool is_copied = false;  // the source's own packets
};

// Small pictures at equal distances, tiled into one sprite, for the preview on a seek bar.
struct Storyboard {
    std::chrono::seconds step;
    unsigned tiles;
    unsigned columns;
    PixelSize tile;
};

// So much of the beginning is decoded of a video that is only copied; of the rest the keyframes are,
// for the storyboard.
inline constexpr std::chrono::seconds checked_length{10};

struct VideoPlan {
    std::vector<Rendition> renditions;  // largest first, at least one
    std::string filters;        // ffmpeg's, before the picture is scaled; each ends with ','
    double frame_rate_max = 0;  // 0: the source's own
    bool is_loop = false;       // of an animated GIF: one silent MP4, no HLS
    bool is_checked =
        false;  // nothing is encoded, so the source is decoded to see that it is sound
    bool lowest_first = false;     // the smallest rendition is made on its own, before the others
    std::string_view why_encoded;  // why the largest one is not copied; empty if it is
    int picture_index = 0;
    int sound_index = -1;  // -1: none
    bool sound_copied = false;
    bool begins_at_keyframe = true;  // false: an edit list may have cut the keyframes away
    std::optional<Storyboard> storyboard;
    std::chrono::milliseconds duration{0};        // of the whole, sound included
    std::chrono::milliseconds picture_length{0};  // from the first picture to the end of the last
    std::vector<Step> steps;
    double cpu_seconds = 0;  // sum of the weights

    bool has_sound() const { return sound_index >= 0; }
};

// Whether packets of the source may be published: never once it turned out to be damaged.
enum class Copies : std::uint8_t { allowed, never };

// Failures: those of video_rules.hpp, NoVideo.
Processed<VideoPlan> plan_video(
    const CategoryRule& rule, const VideoProbe& probe, Copies copies = Copies::allowed
);

}  // namespace sluice
