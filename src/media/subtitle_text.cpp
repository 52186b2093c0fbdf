#include "media/subtitle_text.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace sluice {
namespace {

// Tags without attributes that both formats have.
constexpr std::array<std::string_view, 3> plain_tags{"b", "i", "u"};
// WebVTT's others; what follows their name (a class, a speaker, a language) stays, escaped.
constexpr std::array<std::string_view, 5> vtt_tags{"c", "v", "lang", "ruby", "rt"};

template <std::size_t N>
bool has(const std::array<std::string_view, N>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

void append_escaped(std::string& out, char c) {
    if (c == '&') {
        out += "&amp;";
    } else if (c == '<') {
        out += "&lt;";
    } else if (c == '>') {
        out += "&gt;";
    } else if (static_cast<unsigned char>(c) >= 0x20 || c == '\t') {
        out += c;
    }
}

// "&amp;" and the like stay as they are in WebVTT: the length of the reference, or 0.
std::size_t reference_length(std::string_view text) {
    constexpr std::array<std::string_view, 6> known{
        "&amp;", "&lt;", "&gt;", "&lrm;", "&rlm;", "&nbsp;"
    };
    for (const std::string_view name : known) {
        if (text.starts_with(name)) {
            return name.size();
        }
    }
    return 0;
}

std::string escaped(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const auto length = reference_length(text);
        if (length > 0) {
            out += text.substr(0, length);
        } else {
            append_escaped(out, text.front());
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

// The tag as it may stay; empty: it goes.
std::string clean_tag(std::string_view inside, SubtitleMarkup markup) {
    const bool is_end = inside.starts_with('/');
    const std::string_view body = is_end ? inside.substr(1) : inside;
    const auto name_end = std::min(body.find_first_of(". \t"), body.size());
    const std::string name = lower_case(body.substr(0, name_end));
    if (has(plain_tags, name)) {
        return (is_end ? "</" : "<") + name + ">";
    }
    const bool is_time = !inside.empty() && inside.find_first_not_of("0123456789:.") == inside.npos;
    if (markup == SubtitleMarkup::vtt && is_time) {
        return "<" + std::string(inside) + ">";
    }
    if (markup != SubtitleMarkup::vtt || !has(vtt_tags, name)) {
        return {};
    }
    const std::string rest = escaped(is_end ? std::string_view() : body.substr(name_end));
    if (rest.find("--") != std::string::npos) {
        return {};  // "-->" would end the cue
    }
    return (is_end ? "</" : "<") + name + rest + ">";
}

// A tag begins with a letter, a digit or '/': "a < b" is text.
bool looks_like_a_tag(std::string_view text) {
    const char c = text.size() > 1 ? text[1] : ' ';
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '/';
}

// Length of the part at the front that is a unit of its own, and what becomes of it.
struct Unit {
    std::size_t length = 0;
    std::string becomes;
};

std::optional<Unit> unit_at(std::string_view text, SubtitleMarkup markup) {
    if (text.front() == '<' && looks_like_a_tag(text)) {
        const auto end = text.find('>');
        if (end != std::string_view::npos) {
            return Unit{end + 1, clean_tag(text.substr(1, end - 1), markup)};
        }
    }
    if (markup == SubtitleMarkup::srt &&
        text.starts_with("{\\")) {  // positions of SubStation that SubRip files carry: {\an8}
        const auto end = text.find('}');
        if (end != std::string_view::npos) {
            return Unit{end + 1, ""};
        }
    }
    const auto reference = markup == SubtitleMarkup::vtt ? reference_length(text) : 0;
    return reference == 0 ? std::nullopt
                          : std::optional(Unit{reference, std::string(text.substr(0, reference))});
}

// What only the second byte shows: a longer form than needed, half of a UTF-16 pair, beyond the last character.
bool is_forbidden_start(unsigned char lead, unsigned char second) {
    switch (lead) {
        case 0xE0:
            return second < 0xA0;
        case 0xED:
            return second > 0x9F;
        case 0xF0:
            return second < 0x90;
        case 0xF4:
            return second > 0x8F;
        default:
            return false;
    }
}

// Length of the well-formed sequence at the front, 0 if it is none (RFC 3629, section 4).
std::size_t sequence_length(std::string_view bytes) {
    const auto at = [bytes](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
    const unsigned char lead = at(0);
    if (lead < 0x80) {
        return 1;
    }
    const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (lead < 0xC2 || lead > 0xF4 || bytes.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if ((at(i) & 0xC0) != 0x80) {
            return 0;
        }
    }
    return is_forbidden_start(lead, at(1)) ? 0 : length;
}

}  // namespace

std::string clean_subtitle_line(std::string_view line, SubtitleMarkup markup) {
    std::string out;
    while (!line.empty()) {
        if (const auto unit = unit_at(line, markup)) {
            out += unit->becomes;
            line.remove_prefix(unit->length);
            continue;
        }
        append_escaped(out, line.front());
        line.remove_prefix(1);
    }
    return out;
}

std::size_t first_byte_not_utf8(std::string_view bytes) {
    for (std::size_t at = 0; at < bytes.size();) {
        const auto length = sequence_length(bytes.substr(at));
        if (length == 0) {
            return at;
        }
        at += length;
    }
    return std::string_view::npos;
}

}  // namespace sluice
