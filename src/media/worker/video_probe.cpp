#include "media/worker/video_probe.hpp"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/pixdesc.h>
}
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <memory>
#include <vector>

#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "media/decoders.hpp"
#include "media/probe_lines.hpp"
#include "media/worker/task.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr int io_buffer_bytes = 64 * 1024;
constexpr ByteCount memory_max = 512_MiB;
constexpr std::uint64_t packets_max = 500'000;
// Beyond what any rule takes: a larger number need not be told.
constexpr int side_max = 1 << 20;
constexpr int channels_max = 1024;

struct Source {
    UniqueFd fd;
    ByteCount size;
};

int read_source(void* opaque, std::uint8_t* buffer, int size) {
    const auto* source = static_cast<Source*>(opaque);
    const auto count = ::read(source->fd.get(), buffer, static_cast<std::size_t>(size));
    if (count < 0) {
        return AVERROR(errno);
    }
    return count == 0 ? AVERROR_EOF : static_cast<int>(count);
}

std::int64_t seek_source(void* opaque, std::int64_t offset, int whence) {
    const auto* source = static_cast<Source*>(opaque);
    if ((whence & AVSEEK_SIZE) != 0) {
        return static_cast<std::int64_t>(source->size.value);
    }
    const auto at = ::lseek(source->fd.get(), offset, whence & ~AVSEEK_FORCE);
    return at < 0 ? AVERROR(errno) : at;
}

// Media may name other files (references, playlists); none is opened, ever.
int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
    return AVERROR(EPERM);
}

struct FreeIo {
    void operator()(AVIOContext* io) const {
        // NOLINTNEXTLINE(bugprone-multi-level-implicit-pointer-conversion): av_freep takes a pointer to any pointer
        av_freep(&io->buffer);
        avio_context_free(&io);
    }
};
struct CloseInput {
    void operator()(AVFormatContext* input) const { avformat_close_input(&input); }
};
struct FreePacket {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};

// The opened input. Members go in reverse order: the demuxer before the I/O it reads from.
struct Input {
    std::unique_ptr<Source> source;
    std::unique_ptr<AVIOContext, FreeIo> io;
    std::unique_ptr<AVFormatContext, CloseInput> format;
};

ProcessingFailure unreadable() {
    return invalid_media("CorruptContainer", "index missing or unreadable");
}

std::unique_ptr<Source> open_source(const std::string& path) {
    auto source = std::make_unique<Source>();
    source->fd = UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts{};
    if (!source->fd || ::fstat(source->fd.get(), &facts) != 0) {
        return nullptr;
    }
    source->size = {static_cast<std::uint64_t>(facts.st_size)};
    return source;
}

// Options are the second wall behind refuse_open: allow lists and bounds inside libavformat.
bool open_format(Input& input, Container container) {
    auto* context = avformat_alloc_context();
    context->pb = input.io.get();
    context->flags |= AVFMT_FLAG_CUSTOM_IO;
    context->io_open = refuse_open;
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "", 0);
    av_dict_set(&options, "codec_whitelist", decoders_allowed, 0);
    av_dict_set(&options, "max_streams", "16", 0);
    av_dict_set(&options, "probesize", "5000000", 0);
    const std::string name(facts_of(container).demuxer);
    const auto* demuxer = av_find_input_format(name.c_str());
    const int opened = avformat_open_input(&context, nullptr, demuxer, &options);
    av_dict_free(&options);
    if (opened < 0) {
        return false;  // avformat_open_input has freed the context
    }
    input.format.reset(context);
    return avformat_find_stream_info(context, nullptr) >= 0;
}

Processed<Input> open_input(const std::string& path, Container container) {
    Input input;
    input.source = open_source(path);
    if (!input.source) {
        return std::unexpected(internal_error("StorageError", "temporary problem"));
    }
    auto* buffer = static_cast<std::uint8_t*>(av_malloc(io_buffer_bytes));
    input.io.reset(avio_alloc_context(
        buffer, io_buffer_bytes, 0, input.source.get(), read_source, nullptr, seek_source
    ));
    if (!open_format(input, container)) {
        return std::unexpected(unreadable());
    }
    return input;
}

std::chrono::milliseconds in_milliseconds(std::int64_t stamp, AVRational base) {
    if (stamp == AV_NOPTS_VALUE) {
        return {};
    }
    const auto scaled = av_rescale_q(stamp, base, {1, 1000});
    return std::clamp<std::chrono::milliseconds>(
        std::chrono::milliseconds{scaled}, {}, probe_duration_max
    );
}

// Players turn clockwise by the negative of what the matrix says.
int rotation_of(const AVStream& stream) {
    const auto* matrix = reinterpret_cast<const std::int32_t*>(
        av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, nullptr)
    );
    if (matrix == nullptr) {
        return 0;
    }
    const double angle = -av_display_rotation_get(matrix);
    if (std::isnan(angle)) {
        return 0;
    }
    const auto quarter = static_cast<int>(std::lround(angle / 90)) % 4;
    return (quarter + 4) % 4 * 90;
}

bool is_film(const AVStream& stream) {
    const bool cover_art = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    return stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !cover_art &&
           stream.codecpar->codec_id != AV_CODEC_ID_MJPEG &&
           stream.codecpar->codec_id != AV_CODEC_ID_PNG;
}

// RFC 6381 from the avcC box (ISO 14496-15): profile, constraints, level.
std::string codec_string_of(const AVCodecParameters& codec) {
    constexpr int avcc_min = 7;
    if (codec.codec_id != AV_CODEC_ID_H264 || codec.extradata_size < avcc_min ||
        codec.extradata[0] != 1) {
        return {};
    }
    return fmt::format(
        "avc1.{:02x}{:02x}{:02x}", codec.extradata[1], codec.extradata[2], codec.extradata[3]
    );
}

PictureStream picture_of(const AVStream& stream) {
    const auto& codec = *stream.codecpar;
    const auto* profile = avcodec_profile_name(codec.codec_id, codec.profile);
    const auto* format = av_get_pix_fmt_name(static_cast<AVPixelFormat>(codec.format));
    const auto aspect =
        stream.sample_aspect_ratio.num > 0 ? stream.sample_aspect_ratio : codec.sample_aspect_ratio;
    const bool has_aspect = aspect.num > 0 && aspect.den > 0;
    const auto entries = avformat_index_get_entries_count(&stream);
    return {
        .index = stream.index,
        .codec = avcodec_get_name(codec.codec_id),
        .profile = profile == nullptr ? "" : profile,
        .level = codec.level,
        .codec_string = codec_string_of(codec),
        .pixel_format = format == nullptr ? "" : format,
        .size =
            {static_cast<std::uint32_t>(std::clamp(codec.width, 0, side_max)),
             static_cast<std::uint32_t>(std::clamp(codec.height, 0, side_max))},
        .rotation = rotation_of(stream),
        .sample_aspect_width = has_aspect ? static_cast<std::uint32_t>(aspect.num) : 1,
        .sample_aspect_height = has_aspect ? static_cast<std::uint32_t>(aspect.den) : 1,
        .index_entries = static_cast<std::uint64_t>(std::max(entries, 0)),
        .interlaced = codec.field_order > AV_FIELD_PROGRESSIVE,
        .high_dynamic_range =
            codec.color_trc == AVCOL_TRC_SMPTE2084 || codec.color_trc == AVCOL_TRC_ARIB_STD_B67,
        .encrypted =
            av_stream_get_side_data(&stream, AV_PKT_DATA_ENCRYPTION_INIT_INFO, nullptr) != nullptr,
    };
}

SoundStream sound_of(const AVStream& stream) {
    return {
        .index = stream.index,
        .codec = avcodec_get_name(stream.codecpar->codec_id),
        .channels = std::min(stream.codecpar->ch_layout.nb_channels, channels_max),
        .sample_rate = std::max(stream.codecpar->sample_rate, 0),
        .is_low_complexity = stream.codecpar->profile == FF_PROFILE_AAC_LOW ||
                             stream.codecpar->profile == FF_PROFILE_UNKNOWN,
    };
}

// The first film; of several sound tracks the first default one, else the first.
void take_streams(const AVFormatContext& format, VideoProbe& probe) {
    bool sound_is_default = false;
    for (unsigned i = 0; i < format.nb_streams; ++i) {
        const auto& stream = *format.streams[i];
        if (is_film(stream) && !probe.picture) {
            probe.picture = picture_of(stream);
        }
        const bool is_default = (stream.disposition & AV_DISPOSITION_DEFAULT) != 0;
        const bool is_sound = stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO &&
                              stream.codecpar->ch_layout.nb_channels > 0;
        if (is_sound && (!probe.sound || (is_default && !sound_is_default))) {
            probe.sound = sound_of(stream);
            sound_is_default = is_default;
        }
    }
}

struct Span {
    std::int64_t first = INT64_MAX;
    std::int64_t last = INT64_MIN;
    std::int64_t last_begin = INT64_MIN;
    std::uint64_t since_keyframe = 0;
    std::int64_t keyframe = INT64_MIN;  // the time at which the latest one is shown
    std::int64_t gap_max = 0;           // between keyframes

    std::int64_t gap(std::int64_t until) const {
        return keyframe == INT64_MIN ? 0 : until - keyframe;
    }
};

void count_packet(const AVPacket& packet, const AVStream& stream, VideoProbe& probe, Span& span) {
    if ((packet.flags & AV_PKT_FLAG_CORRUPT) != 0) {
        ++probe.corrupt_packets;
    }
    const bool is_discarded = (packet.flags & AV_PKT_FLAG_DISCARD) != 0;
    if (probe.sound && packet.stream_index == probe.sound->index) {
        probe.sound->discarded_packets += is_discarded ? 1 : 0;
    }
    if (!probe.picture || packet.stream_index != probe.picture->index) {
        return;
    }
    ++probe.picture->packets;
    probe.picture->bytes.value += static_cast<std::uint64_t>(std::max(packet.size, 0));
    probe.picture->discarded_packets += is_discarded ? 1 : 0;
    probe.picture->parameters_change |=
        av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, nullptr) != nullptr;
    span.since_keyframe = (packet.flags & AV_PKT_FLAG_KEY) != 0 ? 1 : span.since_keyframe + 1;
    probe.picture->gop_longest = std::max(probe.picture->gop_longest, span.since_keyframe);
    if (av_packet_get_side_data(&packet, AV_PKT_DATA_ENCRYPTION_INFO, nullptr) != nullptr) {
        probe.picture->encrypted = true;
    }
    const auto stamp = packet.pts == AV_NOPTS_VALUE ? packet.dts : packet.pts;
    if (is_discarded || stamp == AV_NOPTS_VALUE || stream.time_base.den == 0) {
        return;
    }
    if ((packet.flags & AV_PKT_FLAG_KEY) != 0) {
        span.gap_max = std::max(span.gap_max, span.gap(stamp));
        span.keyframe = stamp;
    }
    // They need the pictures before the keyframe: nobody can begin to play there. Such pictures follow
    // it closely; a time that steps back later is a cut in the stream.
    constexpr std::uint64_t leading_max = 17;
    probe.picture->has_open_gop |= span.since_keyframe <= leading_max && stamp < span.keyframe;
    span.first = std::min(span.first, stamp);
    span.last_begin = std::max(span.last_begin, stamp);
    span.last = std::max(span.last, stamp + std::max<std::int64_t>(packet.duration, 0));
}

void scan_packets(AVFormatContext& format, VideoProbe& probe) {
    const std::unique_ptr<AVPacket, FreePacket> packet(av_packet_alloc());
    Span span;
    std::uint64_t count = 0;
    while (count < packets_max && av_read_frame(&format, packet.get()) >= 0) {
        count_packet(*packet, *format.streams[packet->stream_index], probe, span);
        av_packet_unref(packet.get());
        ++count;
    }
    probe.packet_cap_reached = count == packets_max;
    if (probe.picture && span.last > span.first) {
        const auto base = format.streams[probe.picture->index]->time_base;
        probe.picture->data_end = in_milliseconds(span.last - span.first, base);
        probe.picture->last_begin = in_milliseconds(span.last_begin - span.first, base);
        const auto gap = std::max(span.gap_max, span.gap(span.last));
        probe.picture->keyframe_gap_max = in_milliseconds(gap, base);
    }
}

void conclude(const AVFormatContext& format, VideoProbe& probe) {
    probe.duration = in_milliseconds(format.duration, {1, AV_TIME_BASE});
    if (!probe.picture) {
        return;
    }
    auto& picture = *probe.picture;
    probe.duration = std::max(probe.duration, picture.data_end);
    const double seconds = static_cast<double>(picture.data_end.count()) / 1000;
    const auto shown = static_cast<double>(picture.packets - picture.discarded_packets);
    picture.frame_rate = seconds > 0 ? shown / seconds : 0;
}

Processed<VideoProbe> probe_here(const std::string& path, Container container) {
    auto input = open_input(path, container);
    if (!input) {
        return std::unexpected(std::move(input).error());
    }
    VideoProbe probe{.container = container, .size = input->source->size};
    take_streams(*input->format, probe);
    scan_packets(*input->format, probe);
    conclude(*input->format, probe);
    return probe;
}

// Every packet is read once, so that a large file takes its time.
TaskLimits limits_for(ByteCount size) {
    constexpr std::uint64_t bytes_per_second_least = 40'000'000;
    const auto reading =
        std::chrono::seconds{static_cast<std::int64_t>(size.value / bytes_per_second_least)};
    return {.memory_max = memory_max, .cpu_max = 10s + reading, .wall_max = 30s + reading};
}

}  // namespace

// What comes back of the task: the lines of a probe, or nothing.
Processed<VideoProbe> probe_video(
    const std::string& path, Container container, Walls walls, const std::function<void()>& on_tick
) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) {
        return std::unexpected(internal_error("StorageError", "temporary problem, try again"));
    }
    const ByteCount size{static_cast<std::uint64_t>(facts.st_size)};
    const TaskRoom room{
        .input = path, .output_folder = "", .limits = limits_for(size), .walls = walls
    };
    const auto make = [&] {
        const auto probe = probe_here(path, container);
        return probe ? probe_lines(*probe) : std::string();
    };
    const auto text = text_of_task(room, make, on_tick);
    if (!text) {
        return std::unexpected(text.error());
    }
    if (text->empty()) {
        return std::unexpected(unreadable());
    }
    auto probe = read_probe_lines(*text);
    if (!probe || probe->container != container || probe->size.value != size.value) {
        log::error("probe_refused", "what the probe told is none", {{"path", path}});
        return std::unexpected(internal_error("WorkerCrashed", "processing failed"));
    }
    return *std::move(probe);
}

}  // namespace sluice
