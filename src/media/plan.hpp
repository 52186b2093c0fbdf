// From what was probed to what is to be done, or why not: the decision of processing. A plan says
// which outputs are made, with which filters, in which steps and at what predicted cost; running it
// is the worker's work. Pure; any thread.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "media/category_rules.hpp"
#include "media/cost_model.hpp"
#include "media/failures.hpp"
#include "media/probe.hpp"

namespace sluice {

enum class StepKind : std::uint8_t { probe, encode, resize, poster, verify, publish };
std::string_view name_of(StepKind kind);

struct Step {
    StepKind kind;
    double weight;  // predicted CPU seconds: the share of the progress bar
};

// One MP4 made from the video.
struct Rendition {
    PixelSize size;       // even sides, never larger than the source
    std::string name;     // "1280x720.mp4"
    std::string filters;  // ffmpeg's -vf
    bool has_sound = false;
};

struct VideoPlan {
    Rendition rendition;
    std::string poster_name;
    int picture_index = 0;
    int sound_index = -1;  // -1: none
    std::chrono::milliseconds duration{0};
    std::vector<Step> steps;
    double cpu_seconds = 0;  // sum of the weights
};

// One picture made from the image.
struct ImageVariant {
    std::string name;        // "medium", without an ending
    std::uint32_t side_max;  // neither side is longer
    bool cropped = false;    // to a square of side_max
};

struct ImagePlan {
    std::vector<ImageVariant> variants;  // largest first; each may be made from the first
    bool keeps_alpha = false;            // png instead of jpg
    std::uint32_t shrink_on_load =
        1;  // what the JPEG loader may divide the sides by without losing the largest variant
    std::vector<Step> steps;
    double cpu_seconds = 0;
};

// Before anything is opened: is the content of the category's family? `declared`: the type as the
// caller gave it, may be empty. Nothing to tell means: go on and probe.
// `foreign`: the name of a format that is recognised and not processed, if it is one.
std::optional<ProcessingFailure> check_content(
    const CategoryRule& rule,
    std::string_view declared,
    Container found,
    ByteCount size,
    std::string_view foreign = {}
);

Processed<VideoPlan> plan_video(const CategoryRule& rule, const VideoProbe& probe);
Processed<ImagePlan> plan_image(const CategoryRule& rule, const ImageProbe& probe);

// The size in which a player shows the picture: square pixels, upright.
PixelSize displayed_size(const PictureStream& picture);

// What a job may take at most before it is given up.
std::chrono::milliseconds wall_limit(std::chrono::milliseconds expected, double spread);

}  // namespace sluice
