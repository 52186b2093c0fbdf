#include "media/hls_playlist.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::string_view sound_codec = "mp4a.40.2";  // AAC-LC
constexpr std::string_view sound_group = "sound";

struct Range {
    std::uint64_t length;
    std::uint64_t end;
};

// "1421316@847"
std::optional<Range> range_of(std::string_view text) {
    const auto at = text.find('@');
    if (at == std::string_view::npos) {
        return std::nullopt;
    }
    const auto length = parse_unsigned(text.substr(0, at));
    const auto offset = parse_unsigned(text.substr(at + 1));
    if (!length || !offset) {
        return std::nullopt;
    }
    return Range{*length, *length + *offset};
}

// "4.000000,"
std::optional<double> duration_of(std::string_view text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    const bool is_number = error == std::errc() && std::isfinite(seconds) && seconds > 0;
    return is_number ? std::optional(seconds) : std::nullopt;
}

struct Reading {
    PlaylistFacts facts;
    std::uint64_t bytes = 0;
    double pending_seconds = 0;  // of the segment whose range comes next
    bool is_sound = true;
    bool has_end = false;

    void segment(const Range& range) {
        ++facts.segments;
        facts.seconds += pending_seconds;
        facts.file_bytes = std::max(facts.file_bytes, range.end);
        bytes += range.length;
        const double rate = static_cast<double>(range.length) * 8 / pending_seconds;
        facts.peak_bits_per_second = std::max(facts.peak_bits_per_second, rate);
        pending_seconds = 0;
    }

    void line(std::string_view text) {
        constexpr std::string_view duration = "#EXTINF:";
        constexpr std::string_view byte_range = "#EXT-X-BYTERANGE:";
        if (text.starts_with(duration)) {
            const auto seconds = duration_of(text.substr(duration.size()));
            is_sound = is_sound && seconds && pending_seconds == 0;
            pending_seconds = seconds.value_or(0);
        } else if (text.starts_with(byte_range)) {
            const auto range = range_of(text.substr(byte_range.size()));
            if (!range || pending_seconds == 0) {
                is_sound = false;
            } else {
                segment(*range);
            }
        }
        has_end |= text == "#EXT-X-ENDLIST";
    }
};

// A quoted string may hold neither quotes nor line breaks (RFC 8216, 4.2).
std::string quotable(std::string_view text) {
    std::string kept;
    for (const char c : text) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        kept += c == '"' ? '\'' : is_control ? ' ' : c;
    }
    return kept;
}

std::uint64_t rounded(double bits) {
    return static_cast<std::uint64_t>(std::ceil(bits));
}

}  // namespace

std::optional<PlaylistFacts> read_media_playlist(std::string_view text) {
    if (!text.starts_with("#EXTM3U")) {
        return std::nullopt;
    }
    Reading reading;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        reading.line(trim(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    if (!reading.is_sound || !reading.has_end || reading.facts.segments == 0) {
        return std::nullopt;
    }
    reading.facts.average_bits_per_second =
        static_cast<double>(reading.bytes) * 8 / reading.facts.seconds;
    return reading.facts;
}

std::string with_subtitles(std::string_view master, const std::vector<HlsSubtitles>& subtitles) {
    constexpr std::string_view variant = "#EXT-X-STREAM-INF:";
    const auto first = master.find(variant);
    if (subtitles.empty() || first == std::string_view::npos) {
        return std::string(master);
    }
    std::string text(master.substr(0, first));
    for (const auto& [uri, language, name] : subtitles) {
        text += fmt::format(
            "#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID=\"subtitles\",NAME=\"{}\",LANGUAGE=\"{}\","
            "DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI=\"{}\"\n",
            quotable(name),
            quotable(language),
            uri
        );
    }
    master.remove_prefix(first);
    while (!master.empty()) {
        const auto end = std::min(master.find('\n'), master.size());
        const auto line = master.substr(0, end);
        text += line;
        text += line.starts_with(variant) ? ",SUBTITLES=\"subtitles\"\n" : "\n";
        master.remove_prefix(std::min(end + 1, master.size()));
    }
    return text;
}

std::string subtitle_playlist(std::string_view uri, double seconds) {
    return fmt::format(
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:{:.0f}\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXTINF:{:.3f},\n{}\n#EXT-X-ENDLIST\n",
        std::ceil(seconds),
        seconds,
        uri
    );
}

std::string master_playlist(
    const std::vector<HlsVariant>& variants, const std::optional<HlsSound>& sound
) {
    std::string text = "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n";
    if (sound) {
        text += fmt::format(
            "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"{}\",NAME=\"Sound\",DEFAULT=YES,AUTOSELECT=YES,"
            "CHANNELS=\"2\",URI=\"{}\"\n",
            sound_group,
            sound->uri
        );
    }
    for (const auto& variant : variants) {
        const PlaylistFacts none{};
        const auto& heard = sound ? sound->facts : none;
        text += fmt::format(
            "#EXT-X-STREAM-INF:BANDWIDTH={},AVERAGE-BANDWIDTH={},CODECS=\"{}{}{}\",RESOLUTION={}x{}"
            ","
            "FRAME-RATE={:.3f}{}\n{}\n",
            rounded(variant.facts.peak_bits_per_second + heard.peak_bits_per_second),
            rounded(variant.facts.average_bits_per_second + heard.average_bits_per_second),
            variant.codec_string,
            sound ? "," : "",
            sound ? sound_codec : "",
            variant.size.width,
            variant.size.height,
            variant.frame_rate,
            sound ? fmt::format(",AUDIO=\"{}\"", sound_group) : "",
            variant.uri
        );
    }
    return text;
}

}  // namespace sluice
