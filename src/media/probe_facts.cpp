#include "media/probe_facts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice {
namespace {

struct KnownFact {
    std::string_view name;
    bool is_number;
};

constexpr std::array known_facts{
    KnownFact{"duration_ms", true},
    KnownFact{"video_codec", false},
    KnownFact{"video_profile", false},
    KnownFact{"pixel_format", false},
    KnownFact{"dynamic_range", false},
    KnownFact{"coded_size", false},
    KnownFact{"rotation_degrees", true},
    KnownFact{"frame_rate", true},
    KnownFact{"frames", true},
    KnownFact{"keyframe_gap_ms", true},
    KnownFact{"scan", false},
    KnownFact{"video_bits_per_second", true},
    KnownFact{"audio_codec", false},
    KnownFact{"audio_channels", true},
    KnownFact{"audio_hertz", true},
    KnownFact{"exif_orientation", true},
    KnownFact{"pages", true},
    KnownFact{"transparency", false},
    KnownFact{"loading", false},
};

constexpr std::size_t value_max = 40;

class Lines {
  public:
    void add(std::string_view name, std::string_view word) {
        if (!word.empty()) {
            text_ += fmt::format("{} {}\n", name, word);
        }
    }
    void add(std::string_view name, std::uint64_t number) {
        text_ += fmt::format("{} {}\n", name, number);
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::string size_text(PixelSize size) {
    return fmt::format("{}x{}", size.width, size.height);
}

std::string rate_text(double rate) {
    return rate > 0 && std::isfinite(rate) ? fmt::format("{:g}", std::round(rate * 1000) / 1000)
                                           : "";
}

void add_picture(Lines& lines, const PictureStream& picture, std::chrono::milliseconds duration) {
    lines.add("video_codec", picture.codec);
    lines.add("video_profile", picture.profile);
    lines.add("pixel_format", picture.pixel_format);
    lines.add("dynamic_range", picture.high_dynamic_range ? "high" : "standard");
    lines.add("coded_size", size_text(picture.size));
    if (picture.rotation != 0) {
        lines.add("rotation_degrees", static_cast<std::uint64_t>(picture.rotation));
    }
    lines.add("frame_rate", rate_text(picture.frame_rate));
    lines.add("frames", picture.packets);
    lines.add("keyframe_gap_ms", static_cast<std::uint64_t>(picture.keyframe_gap_max.count()));
    lines.add("scan", picture.interlaced ? "interlaced" : "progressive");
    if (duration.count() > 0) {
        const double seconds = static_cast<double>(duration.count()) / 1000;
        const double bits = static_cast<double>(picture.bytes.value) * 8;
        lines.add("video_bits_per_second", static_cast<std::uint64_t>(bits / seconds));
    }
}

bool is_word(std::string_view value) {
    return std::ranges::all_of(value, [](char c) {
        const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        return is_letter || (c >= '0' && c <= '9') || std::string_view(" ._:()+-@,/").contains(c);
    });
}

// At most one point, digits on both of its sides; no zero in front of another digit.
bool is_number(std::string_view value) {
    const auto whole = value.substr(0, value.find('.'));
    const auto rest = value.substr(whole.size());
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    return !whole.empty() && (whole == "0" || whole.front() != '0') &&
           std::ranges::all_of(whole, is_digit) &&
           (rest.empty() || (rest.size() > 1 && std::ranges::all_of(rest.substr(1), is_digit)));
}

}  // namespace

std::string probe_facts_of(const VideoProbe& probe) {
    Lines lines;
    lines.add(
        "duration_ms", static_cast<std::uint64_t>(std::max<std::int64_t>(probe.duration.count(), 0))
    );
    if (probe.picture) {
        add_picture(lines, *probe.picture, probe.duration);
    }
    if (probe.sound) {
        lines.add("audio_codec", probe.sound->codec);
        lines.add("audio_channels", static_cast<std::uint64_t>(std::max(probe.sound->channels, 0)));
        lines.add("audio_hertz", static_cast<std::uint64_t>(std::max(probe.sound->sample_rate, 0)));
    }
    return lines.take();
}

std::string probe_facts_of(const ImageProbe& probe) {
    Lines lines;
    lines.add("coded_size", size_text(probe.picture));
    if (probe.orientation != 1) {
        lines.add("exif_orientation", static_cast<std::uint64_t>(probe.orientation));
    }
    if (probe.pages > 1) {
        lines.add("pages", static_cast<std::uint64_t>(probe.pages));
    }
    lines.add("transparency", probe.has_alpha ? "yes" : "no");
    lines.add("loading", probe.progressive ? "progressive" : "sequential");
    return lines.take();
}

std::vector<ProbeFact> parse_probe_facts(std::string_view lines) {
    std::vector<ProbeFact> facts;
    while (!lines.empty()) {
        const auto line = lines.substr(0, lines.find('\n'));
        lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        const auto space = std::min(line.find(' '), line.size());
        const auto value = line.substr(std::min(space + 1, line.size()));
        const auto* known = std::ranges::find(known_facts, line.substr(0, space), &KnownFact::name);
        if (known != known_facts.end() && !value.empty() && value.size() <= value_max &&
            (known->is_number ? is_number(value) : is_word(value))) {
            facts.push_back({known->name, value, known->is_number});
        }
    }
    return facts;
}

}  // namespace sluice
