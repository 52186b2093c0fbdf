#include "base/json_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstring>
#include <iterator>
#include <utility>

#include "base/assert.hpp"
#include "base/utf8.hpp"

namespace sluice {
namespace {

// Of an answer or a line of the log: one allocation, of a size that comes back soon.
constexpr std::size_t usual_bytes = 500;

bool is_plain(char character) {
    return character >= 0x20 && character < 0x7f && character != '"' && character != '\\';
}

// Eight characters at once; a borrow may take a plain one for a special one, never the other way round.
bool are_plain(const char* characters) {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
    constexpr std::uint64_t highs = ones << 7U;
    std::uint64_t word = 0;
    std::memcpy(&word, characters, sizeof word);
    const auto has_zero = [](std::uint64_t of) { return (of - ones) & ~of; };
    const std::uint64_t control = (word - ones * 0x20) & ~word;
    const std::uint64_t special =
        has_zero(word ^ (ones * '"')) | has_zero(word ^ (ones * '\\')) | (word + ones);
    return ((word | control | special) & highs) == 0;
}

// Of all of a longer text, without a branch, so that the compiler takes many at a time.
bool are_all_plain(std::string_view text) {
    unsigned char special = 0;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        special |= static_cast<unsigned char>(
            static_cast<unsigned char>(byte - 0x20) > 0x5e || byte == '"' || byte == '\\'
        );
    }
    return special == 0;
}

std::size_t plain_length(std::string_view text) {
    if (text.size() >= 32 && are_all_plain(text)) {
        return text.size();
    }
    std::size_t length = 0;
    while (length + 8 <= text.size() && are_plain(text.data() + length)) {
        length += 8;
    }
    if (text.size() >= 8 && text.size() - length < 8 && are_plain(text.data() + text.size() - 8)) {
        return text.size();  // with some that were seen already
    }
    while (length < text.size() && is_plain(text[length])) {
        ++length;
    }
    return length;
}

void append_escaped(std::string& out, char character) {
    switch (character) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) {
        fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(character));
        return;
    }
    out += character;
}

// Of a number that has no more than three digits behind the point, as times in the log: the shortest text of it, much
// cheaper. False: it is another.
bool append_thousandths(std::string& out, double number) {
    constexpr double most = 1e12;
    if (!(number >= 0 && number < most)) {
        return false;
    }
    // NOLINTNEXTLINE(bugprone-incorrect-roundings): it is not negative
    const auto thousandths = static_cast<std::uint64_t>(number * 1000 + 0.5);
    if (static_cast<double>(thousandths) / 1000 != number) {
        return false;
    }
    std::array<char, 24> text{};
    char* end = std::to_chars(text.begin(), text.end(), thousandths / 1000).ptr;
    auto fraction = static_cast<unsigned>(thousandths % 1000);
    if (fraction > 0) {
        *end++ = '.';
    }
    for (; fraction > 0; fraction = fraction * 10 % 1000) {
        *end++ = static_cast<char>('0' + fraction / 100);
    }
    out.append(text.begin(), end);
    return true;
}

}  // namespace

bool is_plain_json(std::string_view text) {
    return plain_length(text) == text.size();
}

JsonText::JsonText(std::string_view text) : text_(text) {
    if (!is_plain_json(text)) {
        append_json_string(own_, text);
        text_ = std::string_view(own_).substr(1, own_.size() - 2);
    }
}

void append_json_string(std::string& out, std::string_view text) {
    if (plain_length(text) == text.size()) {
        append_raw(out, text.size() + 2, [&](RawText& raw) {
            raw.text("\"").text(text).text("\"");
        });
        return;
    }
    out += '"';
    while (!text.empty()) {
        // Most texts are all of what needs no escape.
        const std::size_t plain = plain_length(text);
        out.append(text, 0, plain);
        text.remove_prefix(plain);
        if (text.empty()) {
            break;
        }
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            out += "\xEF\xBF\xBD";
            text.remove_prefix(1);
            continue;
        }
        if (length == 1) {
            append_escaped(out, text.front());
        } else {
            out.append(text.substr(0, length));
        }
        text.remove_prefix(length);
    }
    out += '"';
}

void append_json_number(std::string& out, double number) {
    if (!append_thousandths(out, number)) {
        out += std::isfinite(number) ? fmt::format("{}", number) : "null";
    }
}

void JsonWriter::separate() {
    if (needs_comma_) {
        text_ += ',';
    }
    needs_comma_ = true;
}

JsonWriter& JsonWriter::begin_object() {
    if (text_.empty()) {
        text_.reserve(usual_bytes);
    }
    separate();
    text_ += '{';
    ++depth_;
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_object() {
    text_ += '}';
    --depth_;
    needs_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::begin_array() {
    separate();
    text_ += '[';
    ++depth_;
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::end_array() {
    text_ += ']';
    --depth_;
    needs_comma_ = true;
    return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
    if (plain_length(name) == name.size()) {
        return plain_key(name);
    }
    separate();
    append_json_string(text_, name);
    text_ += ':';
    needs_comma_ = false;
    return *this;
}

JsonWriter& JsonWriter::plain_key(std::string_view name) {
    const bool has_comma = std::exchange(needs_comma_, false);
    append_raw(text_, name.size() + 4, [&](RawText& raw) {
        has_comma ? raw.text(",\"") : raw.text("\"");
        raw.text(name).text("\":");
    });
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    append_json_string(text_, text);
    return *this;
}

JsonWriter& JsonWriter::value(bool flag) {
    return raw(flag ? "true" : "false");
}

JsonWriter& JsonWriter::value(double number) {
    separate();
    append_json_number(text_, number);
    return *this;
}

JsonWriter& JsonWriter::null() {
    return raw("null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

template <class Number>
JsonWriter& JsonWriter::digits(Number number) {
    std::array<char, 24> text{};
    const auto end = std::to_chars(text.begin(), text.end(), number).ptr;
    return raw({text.begin(), end});
}

JsonWriter& JsonWriter::signed_value(std::int64_t number) {
    return digits(number);
}

JsonWriter& JsonWriter::unsigned_value(std::uint64_t number) {
    return digits(number);
}

void JsonWriter::expect(std::size_t bytes) {
    text_.reserve(bytes);
}

std::string JsonWriter::take() {
    SLUICE_ASSERT(depth_ == 0);
    needs_comma_ = false;
    return std::exchange(text_, {});
}

}  // namespace sluice
