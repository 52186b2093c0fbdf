#include "media/worker/video_checks.hpp"

#include <sys/stat.h>

#include <cmath>
#include <fstream>
#include <sstream>

#include "base/log.hpp"
#include "media/worker/video_probe.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

// Of hours of film a hundredth.
constexpr std::uint64_t playlist_bytes_max = 4 * 1024 * 1024;

// A stream that ends early without an error is the commonest way in which damage shows.
std::optional<ProcessingFailure> refuse_length(
    const VideoPlan& plan, std::chrono::milliseconds made
) {
    const auto tolerance = 200ms + plan.duration / 100;
    if (made + tolerance >= plan.duration && made <= plan.duration + tolerance) {
        return std::nullopt;
    }
    return made < plan.duration
               ? data_truncated(made, plan.duration)
               : invalid_media(
                     "BadTimestamps",
                     "it plays " + seconds_text(made) + " instead of " + seconds_text(plan.duration)
                 );
}

}  // namespace

std::uint64_t size_of_file(const std::string& path) {
    struct stat facts{};
    return ::stat(path.c_str(), &facts) == 0 ? static_cast<std::uint64_t>(facts.st_size) : 0;
}

Processed<ProducedFile> verified_rendition(
    const VideoPlan& plan, const Rendition& rendition, const std::string& path, Walls walls
) {
    const auto probe = probe_video(path, Container::mp4, walls);
    const bool is_whole = probe && probe->picture && probe->picture->size == rendition.size &&
                          probe->picture->packets > 0 &&
                          probe->sound.has_value() == plan.has_sound();
    if (!is_whole) {
        log::warning("output_refused", "the rendition is not what was planned", {{"path", path}});
        return std::unexpected(invalid_media("DecodeError", "it cannot be decoded"));
    }
    // A GIF's last frame has a delay that an MP4 does not keep; its frames were counted before.
    if (auto refused = refuse_length(plan, probe->duration); refused && !plan.is_loop) {
        return std::unexpected(*std::move(refused));
    }
    return ProducedFile{
        .name = rendition.name,
        .content_type = "video/mp4",
        .size = probe->size,
        .width = rendition.size.width,
        .height = rendition.size.height,
        .duration_ms = static_cast<std::uint64_t>(probe->duration.count()),
        .is_copied = rendition.is_copied,
    };
}

Processed<VerifiedTrack> verified_track(
    const std::string& folder, const std::string& track, Length length
) {
    if (size_of_file(folder + "/" + track + ".m3u8") > playlist_bytes_max) {
        return std::unexpected(invalid_media("ResourceLimit", "its playlist is too long"));
    }
    std::ostringstream text;
    text << std::ifstream(folder + "/" + track + ".m3u8").rdbuf();
    const auto facts = read_media_playlist(text.str());
    const auto made = facts ? std::chrono::milliseconds{std::llround(facts->seconds * 1000)} : 0ms;
    const auto size = size_of_file(folder + "/" + track + ".mp4");
    const auto tolerance = 500ms + length.max / 100;
    if (!facts || facts->file_bytes > size || made + tolerance < length.min ||
        made > length.max + tolerance) {
        log::warning("output_refused", "an HLS track is not what was planned", {{"track", track}});
        return std::unexpected(invalid_media("DecodeError", "it cannot be decoded"));
    }
    return VerifiedTrack{*facts, {size}, {text.str().size()}, made};
}

}  // namespace sluice
