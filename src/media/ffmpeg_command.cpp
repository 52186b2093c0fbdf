#include "media/ffmpeg_command.hpp"

#include <fmt/format.h>

#include <numeric>
#include <span>

#include "base/text.hpp"
#include "media/decoders.hpp"

namespace sluice {
namespace {

// A pipe line longer than this is none of ffmpeg's; it is dropped.
constexpr std::size_t line_max = 4096;

void append(Arguments& arguments, std::initializer_list<std::string_view> more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
}

// The walls that every run has: nothing but files and pipes, only these decoders, bounded pictures
// and allocations.
Arguments common_part() {
    Arguments arguments;
    append(arguments, {"ffmpeg", "-nostdin", "-hide_banner", "-v", "error", "-y"});
    append(arguments, {"-max_error_rate", "0.1", "-progress", "pipe:3", "-stats_period", "0.5"});
    append(arguments, {"-protocol_whitelist", "file,pipe", "-max_streams", "16"});
    append(arguments, {"-max_pixels", "35389440", "-max_alloc", "536870912"});
    append(arguments, {"-codec_whitelist", decoders_allowed});
    return arguments;
}

// "file:" keeps a name with a colon from being read as a protocol.
void append_input(Arguments& arguments, Container container, const std::string& path) {
    if (container == Container::gif) {
        append(arguments, {"-ignore_loop", "1", "-min_delay", "2", "-default_delay", "10"});
    }
    append(arguments, {"-f", facts_of(container).demuxer, "-i"});
    arguments.push_back("file:" + path);
}

std::string scale_to(PixelSize size) {
    return fmt::format("scale=w={}:h={}:flags=bicubic,setsar=1", size.width, size.height);
}

// "[0:1]PRE,scale=…,split=2[p0][s1];[s1]scale=…[p1]": each smaller picture from the largest one.
std::string scaling_graph(const VideoPlan& plan, std::span<const Rendition> encoded) {
    std::string graph = fmt::format("[0:{}]{}", plan.picture_index, plan.filters);
    if (plan.frame_rate_max > 0) {
        graph += fmt::format("fps={:.0f},", plan.frame_rate_max);
    }
    graph += scale_to(encoded.front().size) + ",format=yuv420p";
    if (encoded.size() > 1) {
        graph += fmt::format(",split={}", encoded.size());
    }
    graph += "[p0]";
    for (std::size_t i = 1; i < encoded.size(); ++i) {
        graph += fmt::format("[s{}]", i);
    }
    for (std::size_t i = 1; i < encoded.size(); ++i) {
        graph += fmt::format(";[s{}]{}[p{}]", i, scale_to(encoded[i].size), i);
    }
    return graph;
}

void append_x264(Arguments& arguments, const VideoPlan& plan, const Rendition& rendition) {
    append(arguments, {"-c:v", "libx264"});
    const Rung& rung = rendition.rung;
    if (plan.is_loop) {
        append(arguments, {"-preset", "faster", "-crf", "20", "-tune", "animation"});
    } else {
        append(arguments, {"-preset", "veryfast", "-crf", std::to_string(rung.quality)});
        append(arguments, {"-maxrate", std::to_string(rung.rate_max) + "k"});
        append(arguments, {"-bufsize", std::to_string(2 * rung.rate_max) + "k"});
    }
    append(arguments, {"-profile:v", rung.profile, "-level", rung.level, "-g", "250"});
    // Beside a copy the source's own keyframes count, so that all renditions switch at the same
    // times.
    const bool follows = plan.renditions.front().is_copied;
    append(arguments, {"-force_key_frames", follows ? "source" : "expr:gte(t,n_forced*2)"});
    append(arguments, {"-sc_threshold", "0", "-fps_mode", "vfr"});
    append(arguments, {"-video_track_timescale", "90000"});
}

void append_picture(
    Arguments& arguments,
    const VideoPlan& plan,
    const Rendition& rendition,
    const std::string& label,
    const TrackWork& work
) {
    append(arguments, {"-map", label, "-an", "-sn", "-dn", "-map_metadata", "-1"});
    append_x264(arguments, plan, rendition);
    append(arguments, {"-threads", std::to_string(work.threads)});
    if (plan.is_loop) {
        append(arguments, {"-movflags", "+faststart"});
    }
    append(arguments, {"-f", "mp4"});
    arguments.push_back("file:" + picture_track(work.folder, rendition));
}

// Begins at the picture's zero whatever the source does: gaps become silence.
void append_sound(Arguments& arguments, const VideoPlan& plan, const TrackWork& work) {
    append(arguments, {"-map", "0:" + std::to_string(plan.sound_index), "-vn", "-sn", "-dn"});
    append(arguments, {"-map_metadata", "-1", "-map_chapters", "-1"});
    append(arguments, {"-af", "aresample=async=1:first_pts=0", "-c:a", "aac"});
    append(arguments, {"-ac", "2", "-ar", "48000", "-b:a", "128k", "-f", "mp4"});
    arguments.push_back("file:" + sound_track(work.folder));
}

void append_track(Arguments& arguments, const std::string& path) {
    append(arguments, {"-f", "mov", "-i"});
    arguments.push_back("file:" + path);
}

// Input i is the picture of rendition first + i, the last one is the sound.
void append_tracks(
    Arguments& arguments,
    const VideoPlan& plan,
    const std::string& folder,
    std::span<const Rendition> renditions
) {
    // Without this ffmpeg moves every file to the time zero of its own.
    append(arguments, {"-copyts"});
    for (const auto& rendition : renditions) {
        append_track(arguments, picture_track(folder, rendition));
    }
    if (plan.has_sound()) {
        append_track(arguments, sound_track(folder));
    }
}

// "v:0,agroup:sound,name:v720 … a:0,agroup:sound,name:a128,default:yes"
std::string stream_map(const VideoPlan& plan) {
    const std::string_view group = plan.has_sound() ? ",agroup:sound" : "";
    std::string map;
    for (std::size_t i = 0; i < plan.renditions.size(); ++i) {
        map +=
            fmt::format("{}v:{}{},name:{}", i == 0 ? "" : " ", i, group, plan.renditions[i].track);
    }
    if (plan.has_sound()) {
        map += fmt::format(" a:0{},name:{},default:yes", group, sound_name);
    }
    return map;
}

// The pictures of these inputs, and the sound, which is the input behind all pictures.
void append_maps(
    Arguments& arguments,
    const VideoPlan& plan,
    const std::vector<std::size_t>& pictures,
    std::size_t sound
) {
    for (const auto input : pictures) {
        append(arguments, {"-map", fmt::format("{}:v", input)});
    }
    if (plan.has_sound()) {
        append(arguments, {"-map", fmt::format("{}:a", sound)});
    }
}

void append_hls(Arguments& arguments, const VideoPlan& plan, const std::string& folder) {
    std::vector<std::size_t> pictures(plan.renditions.size());
    std::iota(pictures.begin(), pictures.end(), std::size_t{0});
    append_maps(arguments, plan, pictures, pictures.size());
    append(arguments, {"-c", "copy", "-map_metadata", "-1", "-f", "hls", "-hls_time", "4"});
    append(arguments, {"-hls_playlist_type", "vod", "-hls_segment_type", "fmp4"});
    append(arguments, {"-hls_flags", "single_file+independent_segments"});
    // Pictures out of order begin below zero; an edit list tells players. Moved to zero instead, all
    // would begin late, with a hole in front.
    append(arguments, {"-avoid_negative_ts", "disabled"});
    append(arguments, {"-hls_segment_filename"});
    arguments.push_back(folder + "/%v.mp4");
    append(arguments, {"-var_stream_map", stream_map(plan)});
    arguments.push_back(folder + "/%v.m3u8");
}

}  // namespace

std::string picture_track(const std::string& folder, const Rendition& rendition) {
    return folder + "/" +
           (rendition.track.empty() ? rendition.name : "track-" + rendition.track + ".mp4");
}

std::string sound_track(const std::string& folder) {
    return folder + "/track-sound.mp4";
}

Arguments encode_arguments(
    const VideoPlan& plan, const TrackWork& work, const TrackChoice& choice
) {
    auto arguments = common_part();
    const auto threads = std::to_string(work.threads);
    append(arguments, {"-threads", threads, "-filter_complex_threads", threads});
    append_input(arguments, work.container, work.input);
    std::span<const Rendition> encoded(plan.renditions);
    encoded = encoded.subspan(choice.first, choice.last - choice.first);
    if (!encoded.empty() && encoded.front().is_copied) {
        encoded = encoded.subspan(1);
    }
    if (!encoded.empty()) {
        append(arguments, {"-filter_complex", scaling_graph(plan, encoded)});
    }
    for (std::size_t i = 0; i < encoded.size(); ++i) {
        append_picture(arguments, plan, encoded[i], fmt::format("[p{}]", i), work);
    }
    if (choice.with_sound) {
        append_sound(arguments, plan, work);
    }
    return arguments;
}

Arguments copy_arguments(const VideoPlan& plan, const TrackWork& work) {
    auto arguments = common_part();
    append_input(arguments, work.container, work.input);
    append(arguments, {"-map", "0:" + std::to_string(plan.picture_index), "-c:v", "copy"});
    append(arguments, {"-map_metadata", "-1", "-map_chapters", "-1"});
    // Supplemental messages may carry anything; none is needed to show the picture.
    append(arguments, {"-bsf:v", "filter_units=remove_types=6"});
    append(arguments, {"-video_track_timescale", "90000", "-f", "mp4"});
    arguments.push_back("file:" + picture_track(work.folder, plan.renditions.front()));
    if (plan.sound_copied) {
        append(arguments, {"-map", "0:" + std::to_string(plan.sound_index), "-c:a", "copy"});
        append(arguments, {"-map_metadata", "-1", "-map_chapters", "-1", "-f", "mp4"});
        arguments.push_back("file:" + sound_track(work.folder));
    }
    return arguments;
}

Arguments check_arguments(const VideoPlan& plan, const TrackWork& work) {
    auto arguments = common_part();
    append(arguments, {"-threads", std::to_string(work.threads), "-skip_loop_filter", "all"});
    append(arguments, {"-t", std::to_string(checked_length.count())});
    append_input(arguments, work.container, work.input);
    append(arguments, {"-map", "0:" + std::to_string(plan.picture_index), "-f", "null", "-"});
    return arguments;
}

Arguments package_arguments(
    const VideoPlan& plan, const std::string& folder, const PackageChoice& choice
) {
    auto arguments = common_part();
    const std::span<const Rendition> all(plan.renditions);
    // HLS needs every track, an MP4 its own.
    const std::size_t offset = choice.with_hls ? 0 : choice.first;
    const auto inputs = choice.with_hls ? all : all.subspan(offset, choice.last - offset);
    append_tracks(arguments, plan, folder, inputs);
    for (std::size_t i = choice.first; i < choice.last; ++i) {
        append_maps(arguments, plan, {i - offset}, inputs.size());
        append(arguments, {"-c", "copy", "-map_metadata", "-1", "-movflags", "+faststart"});
        append(arguments, {"-f", "mp4"});
        arguments.push_back("file:" + folder + "/" + all[i].name);
    }
    if (choice.with_hls) {
        append_hls(arguments, plan, folder);
    }
    return arguments;
}

Arguments poster_arguments(
    const VideoPlan& plan, const TrackWork& work, const std::string& picture
) {
    auto arguments = common_part();
    if (plan.begins_at_keyframe) {
        append(arguments, {"-skip_frame", "nokey"});
    }
    append(arguments, {"-t", "10"});
    append_input(arguments, work.container, work.input);
    append(arguments, {"-map", "0:" + std::to_string(plan.picture_index), "-an", "-sn", "-dn"});
    const auto filters = plan.filters + scale_to(plan.renditions.front().size) + ",thumbnail=n=5";
    append(arguments, {"-vf", filters});
    append(arguments, {"-frames:v", "1", "-fps_mode", "passthrough", "-map_metadata", "-1"});
    // What was transparent has its colour by now.
    append(arguments, {"-pix_fmt", "rgb24", "-c:v", "png", "-f", "image2", "-update", "1"});
    arguments.push_back("file:" + picture);
    return arguments;
}

Arguments storyboard_arguments(const Storyboard& storyboard, const FfmpegFiles& files) {
    auto arguments = common_part();
    append(arguments, {"-skip_frame", "nokey"});
    append_input(arguments, Container::mp4, files.input);
    const unsigned rows = (storyboard.tiles + storyboard.columns - 1) / storyboard.columns;
    const auto filters = fmt::format(
        "fps=1/{}:round=up:start_time=0,scale={}:{},tile={}x{}:nb_frames={},"
        "scale=out_range=full,format=yuvj420p",
        storyboard.step.count(),
        storyboard.tile.width,
        storyboard.tile.height,
        storyboard.columns,
        rows,
        storyboard.tiles
    );
    append(arguments, {"-an", "-vf", filters, "-frames:v", "1", "-map_metadata", "-1"});
    append(arguments, {"-c:v", "mjpeg", "-q:v", "4", "-f", "image2", "-update", "1"});
    arguments.push_back("file:" + files.output);
    return arguments;
}

void ProgressReader::feed(std::string_view bytes) {
    partial_ += bytes;
    std::size_t start = 0;
    for (auto end = partial_.find('\n'); end != std::string::npos;
         end = partial_.find('\n', start)) {
        take_line(std::string_view(partial_).substr(start, end - start));
        start = end + 1;
    }
    partial_.erase(0, start);
    if (partial_.size() > line_max) {
        partial_.clear();
    }
}

void ProgressReader::take_line(std::string_view line) {
    // out_time_ms is in microseconds as well; out_time_us says so. "N/A" before the first frame.
    constexpr std::string_view position = "out_time_us=";
    if (line.starts_with(position)) {
        const auto microseconds = parse_unsigned(trim(line.substr(position.size())));
        if (microseconds) {
            in_block_ = std::chrono::milliseconds{*microseconds / 1000};
        }
    }
    if (line.starts_with("progress=") && in_block_) {
        out_time_ = in_block_;
    }
}

}  // namespace sluice
