#include "media/ffmpeg_command.hpp"

#include "base/text.hpp"

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
    append(
        arguments,
        {"-codec_whitelist",
         "h264,hevc,vp8,vp9,libdav1d,mpeg4,aac,mp3,mp3float,opus,libopus,vorbis,pcm_s16le,gif"}
    );
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

void append_video_codec(Arguments& arguments, const VideoPlan& plan, Container container) {
    append(arguments, {"-vf", plan.rendition.filters, "-c:v", "libx264"});
    if (container == Container::gif) {
        append(arguments, {"-preset", "faster", "-crf", "20", "-tune", "animation"});
    } else {
        append(arguments, {"-preset", "veryfast", "-crf", "22"});
        append(arguments, {"-maxrate", "2500k", "-bufsize", "5000k"});
    }
    append(arguments, {"-profile:v", "high", "-level", "4.0", "-g", "250"});
    append(arguments, {"-force_key_frames", "expr:gte(t,n_forced*2)", "-sc_threshold", "0"});
    append(arguments, {"-fps_mode", "vfr", "-video_track_timescale", "90000"});
}

}  // namespace

Arguments encode_arguments(
    const VideoPlan& plan, Container container, const FfmpegFiles& files, unsigned threads
) {
    auto arguments = common_part();
    const auto thread_text = std::to_string(threads);
    append(arguments, {"-threads", thread_text, "-filter_threads", thread_text});
    append_input(arguments, container, files.input);
    append(arguments, {"-map_metadata", "-1", "-map_chapters", "-1", "-sn", "-dn"});
    append(arguments, {"-map", "0:" + std::to_string(plan.picture_index)});
    if (plan.sound_index >= 0) {
        append(arguments, {"-map", "0:" + std::to_string(plan.sound_index)});
        append(arguments, {"-c:a", "aac", "-ac", "2", "-ar", "48000", "-b:a", "128k"});
    }
    append_video_codec(arguments, plan, container);
    append(arguments, {"-threads", thread_text, "-movflags", "+faststart", "-f", "mp4"});
    arguments.push_back("file:" + files.output);
    return arguments;
}

Arguments poster_arguments(const FfmpegFiles& files) {
    auto arguments = common_part();
    append(arguments, {"-skip_frame", "nokey", "-t", "10"});
    append_input(arguments, Container::mp4, files.input);
    append(arguments, {"-an", "-vf", "thumbnail=n=5,scale=out_range=full,format=yuvj420p"});
    append(arguments, {"-frames:v", "1", "-fps_mode", "passthrough", "-map_metadata", "-1"});
    append(arguments, {"-c:v", "mjpeg", "-q:v", "3", "-f", "image2", "-update", "1"});
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
