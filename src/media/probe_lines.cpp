#include "media/probe_lines.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <concepts>
#include <cstdint>
#include <utility>

namespace sluice {
namespace {

using Milliseconds = std::chrono::milliseconds;

constexpr std::int64_t count_max = INT64_MAX;
constexpr std::int64_t side_max = 1 << 20;
constexpr std::int64_t shape_max = INT32_MAX;
constexpr std::int64_t streams_max = 1000;
constexpr std::size_t word_max = 64;

// Writes and Reads have the same calls, so that describe() says once what a probe consists of.
class Writes {
  public:
    template <class Number>
    void number(std::string_view name, Number value, std::int64_t, std::int64_t) {
        text_ += fmt::format("{}={}\n", name, value);
    }
    void real(std::string_view name, double value) {
        text_ += fmt::format("{}={:a}\n", name, value);
    }
    void word(std::string_view name, const std::string& value) {
        text_ += fmt::format("{}={}\n", name, value);
    }
    void label(std::string_view name, const std::string& value) { word(name, value); }
    template <class Value>
    bool presence(std::string_view name, const std::optional<Value>& value) {
        text_ += fmt::format("{}={}\n", name, value ? 1 : 0);
        return value.has_value();
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

bool is_word(std::string_view text) {
    return text.size() <= word_max && text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"
                                      ) == std::string_view::npos;
}

class Reads {
  public:
    explicit Reads(std::string_view text) : rest_(text) {}

    template <class Number>
    void number(std::string_view name, Number& value, std::int64_t low, std::int64_t high) {
        const auto text = value_of(name);
        std::int64_t read = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), read);
        is_sound_ &=
            error == std::errc() && end == text.data() + text.size() && read >= low && read <= high;
        value = is_sound_ ? static_cast<Number>(read) : Number{};
    }
    void real(std::string_view name, double& value) {
        auto text = value_of(name);
        is_sound_ &= text.starts_with("0x");
        text.remove_prefix(is_sound_ ? 2 : 0);
        const auto [end, error] =
            std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::hex);
        is_sound_ &=
            error == std::errc() && end == text.data() + text.size() && std::isfinite(value);
    }
    void word(std::string_view name, std::string& value) {
        value = value_of(name);
        is_sound_ &= is_word(value);
    }
    // A word, or several, as libav writes names for people.
    void label(std::string_view name, std::string& value) {
        value = value_of(name);
        const auto is_taken = [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   std::string_view(" .:+-_@()/").find(c) != std::string_view::npos;
        };
        is_sound_ &= value.size() <= word_max && std::ranges::all_of(value, is_taken);
    }
    template <class Value>
    bool presence(std::string_view name, std::optional<Value>& value) {
        int is_there = 0;
        number(name, is_there, 0, 1);
        if (is_sound_ && is_there == 1) {
            value.emplace();
        }
        return value.has_value();
    }
    bool is_whole() const { return is_sound_ && rest_.empty(); }

  private:
    std::string_view value_of(std::string_view name) {
        const auto end = rest_.find('\n');
        const auto line = rest_.substr(0, end);
        is_sound_ &= end != std::string_view::npos && line.size() > name.size() &&
                     line.starts_with(name) && line[name.size()] == '=';
        if (!is_sound_) {
            return {};
        }
        rest_.remove_prefix(end + 1);
        return line.substr(name.size() + 1);
    }

    std::string_view rest_;
    bool is_sound_ = true;
};

template <class Lines, class Flag>
void flag(Lines& lines, std::string_view name, Flag& value) {
    int number = value ? 1 : 0;
    lines.number(name, number, 0, 1);
    if constexpr (!std::is_const_v<Flag>) {
        value = number != 0;
    }
}

template <class Lines, class Duration>
void duration(Lines& lines, std::string_view name, Duration& value) {
    std::int64_t number = value.count();
    lines.number(name, number, 0, probe_duration_max.count());
    if constexpr (!std::is_const_v<Duration>) {
        value = Milliseconds{number};
    }
}

// Of the negative none is meant: rotation, counts and sizes have a sign only by their type.
template <class Lines, class Picture>
void describe_picture(Lines& lines, Picture& picture) {
    lines.number("picture.index", picture.index, 0, streams_max);
    lines.word("picture.codec", picture.codec);
    lines.label("picture.profile", picture.profile);
    lines.number("picture.level", picture.level, INT32_MIN, INT32_MAX);
    lines.label("picture.codec_string", picture.codec_string);
    lines.word("picture.pixel_format", picture.pixel_format);
    lines.number("picture.width", picture.size.width, 0, side_max);
    lines.number("picture.height", picture.size.height, 0, side_max);
    lines.number("picture.rotation", picture.rotation, 0, 270);
    lines.number("picture.sample_aspect_width", picture.sample_aspect_width, 1, shape_max);
    lines.number("picture.sample_aspect_height", picture.sample_aspect_height, 1, shape_max);
    lines.real("picture.frame_rate", picture.frame_rate);
    lines.number("picture.packets", picture.packets, 0, count_max);
    lines.number("picture.bytes", picture.bytes.value, 0, count_max);
    lines.number("picture.discarded_packets", picture.discarded_packets, 0, count_max);
    duration(lines, "picture.keyframe_gap_max", picture.keyframe_gap_max);
    flag(lines, "picture.parameters_change", picture.parameters_change);
    lines.number("picture.index_entries", picture.index_entries, 0, count_max);
    duration(lines, "picture.last_begin", picture.last_begin);
    duration(lines, "picture.data_end", picture.data_end);
    lines.number("picture.gop_longest", picture.gop_longest, 0, count_max);
    flag(lines, "picture.has_open_gop", picture.has_open_gop);
    flag(lines, "picture.interlaced", picture.interlaced);
    flag(lines, "picture.high_dynamic_range", picture.high_dynamic_range);
    flag(lines, "picture.encrypted", picture.encrypted);
}

template <class Lines, class Sound>
void describe_sound(Lines& lines, Sound& sound) {
    lines.number("sound.index", sound.index, 0, streams_max);
    lines.word("sound.codec", sound.codec);
    lines.number("sound.channels", sound.channels, 1, 1024);
    lines.number("sound.sample_rate", sound.sample_rate, 0, INT32_MAX);
    flag(lines, "sound.is_low_complexity", sound.is_low_complexity);
    lines.number("sound.discarded_packets", sound.discarded_packets, 0, count_max);
}

template <class Lines, class Probe>
void describe(Lines& lines, Probe& probe) {
    auto container = std::to_underlying(probe.container);
    lines.number("container", container, 0, std::to_underlying(Container::avif));
    if constexpr (!std::is_const_v<Probe>) {
        probe.container = static_cast<Container>(container);
    }
    lines.number("size", probe.size.value, 0, count_max);
    duration(lines, "duration", probe.duration);
    if (lines.presence("picture", probe.picture)) {
        describe_picture(lines, *probe.picture);
    }
    if (lines.presence("sound", probe.sound)) {
        describe_sound(lines, *probe.sound);
    }
    lines.number("corrupt_packets", probe.corrupt_packets, 0, count_max);
    flag(lines, "packet_cap_reached", probe.packet_cap_reached);
}

}  // namespace

std::string probe_lines(const VideoProbe& probe) {
    Writes lines;
    describe(lines, probe);
    return lines.take();
}

std::optional<VideoProbe> read_probe_lines(std::string_view text) {
    Reads lines(text);
    VideoProbe probe;
    describe(lines, probe);
    const bool is_turned_right = !probe.picture || probe.picture->rotation % 90 == 0;
    return lines.is_whole() && is_turned_right ? std::optional(std::move(probe)) : std::nullopt;
}

}  // namespace sluice
