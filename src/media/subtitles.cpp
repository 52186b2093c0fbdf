#include "media/subtitles.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"
#include "media/subtitle_text.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

// More, or longer ones, no viewer reads; players keep all of them in memory.
constexpr std::size_t cues_max = 10'000;
constexpr std::size_t cue_bytes_max = 2048;
constexpr std::string_view arrow = "-->";
constexpr std::string_view utf8_mark = "\xEF\xBB\xBF";
constexpr std::string_view time_example = "00:00:01,500 --> 00:00:04,000";

std::unexpected<SubtitleFault> fault(std::size_t line, std::string expected) {
    return std::unexpected(SubtitleFault{line, std::move(expected)});
}

std::string got(std::string_view line) {
    return line.empty() ? ", got an empty line" : ", got \"" + printable(line, 40) + "\"";
}

// Lines of a text, with their numbers; CRLF, LF and CR end one (WebVTT 4.1).
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) { next(); }

    bool at_end() const { return is_over_; }
    std::string_view line() const { return line_; }
    bool is_blank() const { return trim(line_).empty(); }
    std::size_t number() const { return number_; }

    void next() {
        if (rest_.empty()) {
            is_over_ = true;
            line_ = {};
            return;
        }
        ++number_;
        const auto end = rest_.find_first_of("\r\n");
        line_ = rest_.substr(0, end);
        if (end == std::string_view::npos) {
            rest_ = {};
            return;
        }
        rest_.remove_prefix(end + (rest_.substr(end).starts_with("\r\n") ? 2 : 1));
    }

    void skip_blank() {
        while (!is_over_ && is_blank()) {
            next();
        }
    }

    void skip_block() {
        while (!is_over_ && !is_blank()) {
            next();
        }
    }

  private:
    std::string_view rest_;
    std::string_view line_;
    std::size_t number_ = 0;
    bool is_over_ = false;
};

// "1:02:03,500", "02:03.500"; hours may be left out, both marks are taken.
std::optional<milliseconds> time_of(std::string_view text) {
    const auto point = text.find_last_of(",.");
    if (point == std::string_view::npos || text.size() != point + 4) {
        return std::nullopt;
    }
    std::uint64_t whole = 0;
    std::string_view clock = text.substr(0, point);
    for (int part = 0; part < 3; ++part) {
        const auto colon = clock.find(':');
        const auto number = parse_unsigned(clock.substr(0, colon));
        const bool is_first = part == 0;
        if (!number || *number > (is_first ? 999 : 59)) {
            return std::nullopt;
        }
        whole = whole * 60 + *number;
        if (colon == std::string_view::npos) {
            const auto thousandths = parse_unsigned(text.substr(point + 1));
            const bool is_complete = part > 0 && thousandths.has_value();
            return is_complete ? std::optional(milliseconds(whole * 1000 + *thousandths))
                               : std::nullopt;
        }
        clock.remove_prefix(colon + 1);
    }
    return std::nullopt;
}

// Known names with harmless values; the rest is left out.
std::string settings_of(std::string_view text) {
    constexpr std::array<std::string_view, 5> known{
        "vertical:", "line:", "position:", "size:", "align:"
    };
    std::string kept;
    while (!(text = trim(text)).empty()) {
        const auto end = std::min(text.find_first_of(" \t"), text.size());
        const std::string_view one = text.substr(0, end);
        text.remove_prefix(end);
        const bool is_known = std::ranges::any_of(known, [one](std::string_view name) {
            return one.starts_with(name) && one.size() > name.size();
        });
        const bool is_plain =
            one.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789:%,.-") == one.npos;
        if (is_known && is_plain && one.size() <= 40) {
            kept += (kept.empty() ? "" : " ") + std::string(one);
        }
    }
    return kept;
}

std::expected<SubtitleCue, SubtitleFault> timing_of(const Lines& lines, bool has_settings) {
    const std::string_view line = trim(lines.line());
    const auto at = line.find(arrow);
    const auto expected = "expected a time line such as " + std::string(time_example);
    if (at == std::string_view::npos) {
        return fault(lines.number(), expected + got(line));
    }
    const std::string_view after = trim(line.substr(at + arrow.size()));
    const auto blank = std::min(after.find_first_of(" \t"), after.size());
    const auto begins = time_of(trim(line.substr(0, at)));
    const auto ends = time_of(after.substr(0, blank));
    if (!begins || !ends) {
        return fault(lines.number(), expected + got(line));
    }
    if (*ends < *begins) {
        return fault(
            lines.number(), "expected an end that is not before the beginning" + got(line)
        );
    }
    return SubtitleCue{
        *begins, *ends, has_settings ? settings_of(after.substr(blank)) : std::string(), ""
    };
}

// The lines below a time line, until an empty one.
std::string payload_of(Lines& lines, SubtitleMarkup markup) {
    std::string text;
    for (; !lines.at_end() && !lines.is_blank(); lines.next()) {
        const std::string clean = clean_subtitle_line(lines.line(), markup);
        if (!trim(clean).empty()) {  // an empty line would end the cue
            text += (text.empty() ? "" : "\n") + clean;
        }
    }
    return text;
}

bool is_timing(std::string_view line) {
    return line.find(arrow) != std::string_view::npos;
}

std::expected<SubtitleCue, SubtitleFault> read_cue(Lines& lines, SubtitleMarkup markup) {
    const bool is_vtt = markup == SubtitleMarkup::vtt;
    if (!is_timing(lines.line())) {
        // The number of a SubRip cue, or the identifier of a WebVTT one: neither is needed.
        const bool is_number = parse_unsigned(trim(lines.line())).has_value();
        if (!is_vtt && !is_number) {
            return fault(
                lines.number(),
                "expected the number of a cue, or a time line such as " +
                    std::string(time_example) + got(lines.line())
            );
        }
        lines.next();
    }
    auto cue = timing_of(lines, is_vtt);
    if (cue) {
        lines.next();
        cue->text = payload_of(lines, markup);
    }
    return cue;
}

bool is_comment_block(std::string_view line) {
    return line.starts_with("NOTE") || line == "STYLE" || line == "REGION";
}

std::expected<std::vector<SubtitleCue>, SubtitleFault> read_cues(
    Lines& lines, SubtitleMarkup markup
) {
    std::vector<SubtitleCue> cues;
    for (lines.skip_blank(); !lines.at_end(); lines.skip_blank()) {
        if (markup == SubtitleMarkup::vtt && is_comment_block(trim(lines.line()))) {
            lines.skip_block();
            continue;
        }
        const std::size_t first = lines.number();
        if (cues.size() == cues_max) {
            return fault(first, "expected at most " + std::to_string(cues_max) + " cues, got more");
        }
        auto cue = read_cue(lines, markup);
        if (!cue) {
            return std::unexpected(std::move(cue).error());
        }
        if (cue->text.size() > cue_bytes_max) {
            return fault(
                first,
                "expected at most " + std::to_string(cue_bytes_max) +
                    " bytes of text in a cue, got " + std::to_string(cue->text.size())
            );
        }
        cues.push_back(*std::move(cue));
    }
    return cues;
}

bool is_vtt_head(std::string_view line) {
    constexpr std::string_view word = "WEBVTT";
    return line.starts_with(word) &&
           (line.size() == word.size() || line[word.size()] == ' ' || line[word.size()] == '\t');
}

std::size_t line_at(std::string_view text, std::size_t offset) {
    Lines lines(text.substr(0, offset + 1));
    while (!lines.at_end()) {
        lines.next();
    }
    return std::max<std::size_t>(lines.number(), 1);
}

// The first byte that is no text in UTF-8, told with its line.
std::optional<SubtitleFault> encoding_fault(std::string_view text) {
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        return SubtitleFault{
            1, "expected text in UTF-8, got UTF-16 (its byte order mark is there)"
        };
    }
    const auto bad = first_byte_not_utf8(text);
    const auto nul = text.find('\0');
    if (bad == std::string_view::npos && nul == std::string_view::npos) {
        return std::nullopt;
    }
    if (nul < bad) {
        return SubtitleFault{line_at(text, nul), "expected text, got a byte 00"};
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(text[bad]);
    return SubtitleFault{
        line_at(text, bad),
        std::string("expected text in UTF-8, got the byte ") + digits[byte >> 4] +
            digits[byte & 15] + "; save the file as UTF-8",
    };
}

void append_time(std::string& out, milliseconds time) {
    const auto number = [&out](std::int64_t value, std::size_t width, char after) {
        const std::string text = std::to_string(value);
        out += std::string(width > text.size() ? width - text.size() : 0, '0') + text;
        if (after != '\0') {
            out += after;
        }
    };
    const std::int64_t whole = time.count();
    number(whole / 3'600'000, 2, ':');
    number(whole / 60'000 % 60, 2, ':');
    number(whole / 1000 % 60, 2, '.');
    number(whole % 1000, 3, '\0');
}

}  // namespace

std::expected<Subtitles, SubtitleFault> read_subtitles(std::string_view bytes) {
    if (auto wrong = encoding_fault(bytes)) {
        return std::unexpected(*std::move(wrong));
    }
    Lines lines(bytes.starts_with(utf8_mark) ? bytes.substr(utf8_mark.size()) : bytes);
    lines.skip_blank();
    if (lines.at_end()) {
        return fault(1, "expected subtitles, got an empty file");
    }
    const std::size_t first = lines.number();
    const bool is_vtt = is_vtt_head(lines.line());
    if (is_vtt) {
        lines.skip_block();
    } else if (!is_timing(lines.line()) && !parse_unsigned(trim(lines.line()))) {
        return fault(
            first, "expected WEBVTT, or the number of a first SubRip cue" + got(lines.line())
        );
    }
    auto cues = read_cues(lines, is_vtt ? SubtitleMarkup::vtt : SubtitleMarkup::srt);
    if (!cues) {
        return std::unexpected(std::move(cues).error());
    }
    if (cues->empty()) {
        return fault(lines.number(), "expected at least one cue, got none");
    }
    return Subtitles{is_vtt ? "text/vtt" : "text/srt", *std::move(cues)};
}

std::string write_vtt(const Subtitles& subtitles) {
    std::string out = "WEBVTT\n";
    for (const SubtitleCue& cue : subtitles.cues) {
        out += '\n';
        append_time(out, cue.begins);
        out += " --> ";
        append_time(out, cue.ends);
        out += (cue.settings.empty() ? "" : " ") + cue.settings + '\n';
        out += cue.text.empty() ? "" : cue.text + '\n';
    }
    return out;
}

std::string told(const SubtitleFault& fault) {
    return "line " + std::to_string(fault.line) + ": " + fault.expected;
}

}  // namespace sluice
