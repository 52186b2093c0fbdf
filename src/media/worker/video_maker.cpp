#include "media/worker/video_maker.hpp"

#include <algorithm>
#include <fstream>
#include <optional>
#include <string_view>

#include "base/log.hpp"
#include "media/hls_playlist.hpp"
#include "media/storyboard_vtt.hpp"
#include "media/worker/image_maker.hpp"
#include "media/worker/task.hpp"
#include "media/worker/video_checks.hpp"
#include "media/worker/video_probe.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr std::string_view playlist_type = "application/vnd.apple.mpegurl";
constexpr std::string_view master_name = "master.m3u8";
constexpr std::string_view sprite_name = "storyboard.jpg";
constexpr std::string_view sprite_index_name = "storyboard.vtt";

constexpr TaskLimits poster_limits{
    .memory_max = 512_MiB, .file_bytes_max = 16_MiB, .cpu_max = 20s, .wall_max = 60s
};

using Trouble = std::optional<ProcessingFailure>;

// One job's way through its plan; the first trouble ends it.
class Making {
  public:
    Making(const VideoPlan& plan, const VideoWork& work, const VideoListener& listener)
        : plan_(plan),
          work_(work),
          listener_(listener),
          tracks_{work.container, work.input, work.output_folder, work.cores} {}

    Processed<MadeVideo> whole() {
        auto trouble = plan_.is_loop ? loop() : video();
        if (trouble) {
            return std::unexpected(*std::move(trouble));
        }
        return std::move(made_);
    }

  private:
    Trouble loop() {
        auto trouble = encode(StepKind::encode, {.first = 0, .last = 1});
        trouble = trouble ? trouble : poster();
        return trouble ? trouble : take_progressive(0, 1, true);
    }

    Trouble video() {
        const auto count = plan_.renditions.size();
        auto trouble = has_copy() ? copy() : std::nullopt;
        trouble = trouble ? trouble : make_tracks();
        if (trouble || made_.copy_is_damaged) {
            return trouble;
        }
        if (!is_hls_made_) {
            // What was published in advance is there already.
            const std::size_t first = has_copy() ? 1 : 0;
            trouble = package({first, plan_.lowest_first ? count - 1 : count, true});
        }
        trouble = trouble ? trouble : take_hls();
        return trouble ? trouble : storyboard();
    }

    bool has_copy() const { return plan_.renditions.front().is_copied; }

    // The tracks that are not copied, and somewhere among it the moment when there is something to
    // play.
    Trouble make_tracks() {
        const auto count = plan_.renditions.size();
        const bool encodes_sound = plan_.has_sound() && !plan_.sound_copied;
        if (plan_.lowest_first) {
            auto trouble = encode(StepKind::preview, {count - 1, count, encodes_sound});
            trouble = trouble ? trouble : publish_first({count - 1, count, false});
            return trouble ? trouble : encode(StepKind::encode, {0, count - 1, false});
        }
        if (has_copy()) {
            return make_beside_copy(count, encodes_sound);
        }
        auto trouble = encode(StepKind::encode, {0, count, encodes_sound});
        return trouble ? trouble : publish_first({0, count, true});
    }

    Trouble make_beside_copy(std::size_t count, bool encodes_sound) {
        if (encodes_sound) {
            // Quick, and without it the copy cannot be heard.
            if (auto trouble = encode(StepKind::copy, {0, 0, true})) {
                return trouble;
            }
        }
        auto trouble = plan_.is_checked ? check() : std::nullopt;
        trouble = trouble ? trouble : publish_first({0, 1, count == 1});
        return trouble || count == 1 ? trouble : encode(StepKind::encode, {1, count, false});
    }

    Trouble check() {
        step(StepKind::check);
        auto ended = run_ffmpeg(check_arguments(plan_, tracks_), work_, [&](auto) {
            step(StepKind::check);
        });
        if (!ended) {
            return std::move(ended).error();
        }
        made_.copy_is_damaged |= ended->decoder_messages > 0;
        return std::nullopt;
    }

    Trouble copy() {
        step(StepKind::copy);
        return run(StepKind::copy, copy_arguments(plan_, tracks_));
    }

    Trouble encode(StepKind kind, const TrackChoice& choice) {
        step(kind);
        auto ended = run_ffmpeg(encode_arguments(plan_, tracks_, choice), work_, [&](auto at) {
            step(kind, at);
        });
        if (!ended) {
            return std::move(ended).error();
        }
        made_.copy_is_damaged |= has_copy() && ended->decoder_messages > 0;
        return std::nullopt;
    }

    // The smallest of these renditions and the poster go out at once.
    Trouble publish_first(const PackageChoice& choice) {
        if (made_.copy_is_damaged) {
            return std::nullopt;
        }
        auto trouble = package(choice);
        trouble = trouble ? trouble : poster();
        if (!trouble) {
            const auto smallest = static_cast<std::ptrdiff_t>(choice.last - choice.first) - 1;
            listener_.on_playable({made_.files.begin() + smallest, made_.files.end()});
        }
        return trouble;
    }

    Trouble package(const PackageChoice& choice) {
        step(StepKind::package);
        auto trouble =
            run(StepKind::package, package_arguments(plan_, work_.output_folder, choice));
        is_hls_made_ |= choice.with_hls;
        return trouble ? trouble : take_progressive(choice.first, choice.last, false);
    }

    Trouble take_progressive(std::size_t first, std::size_t last, bool is_track) {
        for (std::size_t i = first; i < last; ++i) {
            const auto& rendition = plan_.renditions[i];
            const auto path = is_track ? picture_track(work_.output_folder, rendition)
                                       : work_.output_folder + "/" + rendition.name;
            auto file = verified_rendition(plan_, rendition, path, work_.walls);
            if (!file) {
                return std::move(file).error();
            }
            made_.files.push_back(*std::move(file));
        }
        return std::nullopt;
    }

    Trouble poster() {
        step(StepKind::poster);
        const auto picture = path_of("track-poster.png");
        auto trouble = run(StepKind::poster, poster_arguments(plan_, tracks_, picture));
        if (trouble || size_of_file(picture) == 0) {
            return trouble ? trouble : invalid_media("DecodeError", "it has no picture");
        }
        return poster_files(picture);
    }

    // Pixels that came from a stranger: in a process of its own, as those of images.
    Trouble poster_files(const std::string& picture) {
        const TaskRoom room{picture, work_.output_folder, poster_limits, work_.walls};
        const auto make = [&](const Send&) -> WorkerReport {
            auto files = make_poster(picture, work_.output_folder);
            if (!files) {
                return FailedReport{work_.job, files.error(), files.error().code == 2};
            }
            return DoneReport{.job = work_.job, .outputs = *std::move(files), .content = {}};
        };
        auto end = report_of_task(room, work_.job, make, [](const WorkerReport&) {});
        if (const auto* failed = std::get_if<FailedReport>(&end)) {
            return failed->failure;
        }
        const auto& files = std::get<DoneReport>(end).outputs;
        made_.files.insert(made_.files.end(), files.begin(), files.end());
        return std::nullopt;
    }

    Trouble take_hls() {
        step(StepKind::verify);
        std::vector<HlsVariant> variants;
        for (const auto& rendition : plan_.renditions) {
            auto variant = take_variant(rendition);
            if (!variant) {
                return std::move(variant).error();
            }
            variants.push_back(*std::move(variant));
        }
        std::optional<HlsSound> sound;
        if (plan_.has_sound()) {
            auto track = take_track(std::string(sound_name), {}, plan_.sound_copied);
            if (!track) {
                return std::move(track).error();
            }
            sound = {std::string(sound_name) + ".m3u8", *track};
        }
        return write_text(
            OutputRole::playlist, master_name, playlist_type, master_playlist(variants, sound)
        );
    }

    Processed<HlsVariant> take_variant(const Rendition& rendition) {
        const auto probe =
            probe_video(path_of(rendition.track + ".mp4"), Container::mp4, work_.walls);
        if (!probe || !probe->picture || probe->picture->codec_string.empty()) {
            return std::unexpected(invalid_media("DecodeError", "it cannot be decoded"));
        }
        auto facts = take_track(rendition.track, rendition.size, rendition.is_copied);
        if (!facts) {
            return std::unexpected(std::move(facts).error());
        }
        return HlsVariant{
            .uri = rendition.track + ".m3u8",
            .size = rendition.size,
            .frame_rate = probe->picture->frame_rate,
            .codec_string = probe->picture->codec_string,
            .facts = *facts,
        };
    }

    Processed<PlaylistFacts> take_track(const std::string& track, PixelSize size, bool is_copied) {
        // Sound may be shorter than the picture.
        const bool is_picture = size.width > 0;
        const Length length{is_picture ? plan_.picture_length : 0ms, plan_.duration};
        auto verified = verified_track(work_.output_folder, track, length);
        if (!verified) {
            return std::unexpected(std::move(verified).error());
        }
        ProducedFile file{
            .name = track + ".mp4",
            .content_type = is_picture ? "video/mp4" : "audio/mp4",
            .size = verified->media_size,
            .width = size.width,
            .height = size.height,
            .duration_ms = static_cast<std::uint64_t>(verified->duration.count()),
            .role = OutputRole::track,
            .is_copied = is_copied,
        };
        made_.files.push_back(file);
        file.name = track + ".m3u8";
        file.content_type = playlist_type;
        file.size = verified->playlist_size;
        made_.files.push_back(std::move(file));
        return verified->facts;
    }

    Trouble storyboard() {
        if (!plan_.storyboard) {
            return std::nullopt;
        }
        step(StepKind::storyboard);
        const auto& board = *plan_.storyboard;
        const auto sprite = path_of(sprite_name);
        const auto source = picture_track(work_.output_folder, plan_.renditions.back());
        if (auto trouble =
                run(StepKind::storyboard, storyboard_arguments(board, {source, sprite}))) {
            return trouble;
        }
        const unsigned rows = (board.tiles + board.columns - 1) / board.columns;
        made_.files.push_back({
            .name = std::string(sprite_name),
            .content_type = "image/jpeg",
            .size = {size_of_file(sprite)},
            .width = board.tile.width * board.columns,
            .height = board.tile.height * rows,
            .role = OutputRole::storyboard,
        });
        return write_text(
            OutputRole::storyboard,
            sprite_index_name,
            "text/vtt;charset=utf-8",
            storyboard_vtt(board, plan_.duration, sprite_name)
        );
    }

    Trouble write_text(
        OutputRole role, std::string_view name, std::string_view type, const std::string& text
    ) {
        std::ofstream file(path_of(name), std::ios::binary);
        file << text;
        file.close();
        if (!file) {
            return internal_error("StorageError", "temporary problem, try again");
        }
        made_.files.push_back({
            .name = std::string(name),
            .content_type = std::string(type),
            .size = {text.size()},
            .role = role,
        });
        return std::nullopt;
    }

    Trouble run(StepKind kind, Arguments arguments) {
        auto ended = run_ffmpeg(std::move(arguments), work_, [&](auto) { step(kind); });
        return ended ? std::nullopt : Trouble(std::move(ended).error());
    }

    void step(StepKind kind, std::chrono::milliseconds position = 0ms) const {
        listener_.on_step(kind, position);
    }

    std::string path_of(std::string_view name) const {
        return work_.output_folder + "/" + std::string(name);
    }

    const VideoPlan& plan_;
    const VideoWork& work_;
    const VideoListener& listener_;
    const TrackWork tracks_;
    MadeVideo made_;
    bool is_hls_made_ = false;
};

}  // namespace

Processed<MadeVideo> make_video(
    const VideoPlan& plan, const VideoWork& work, const VideoListener& listener
) {
    return Making(plan, work, listener).whole();
}

}  // namespace sluice
