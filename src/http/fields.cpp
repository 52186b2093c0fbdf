#include "http/fields.hpp"

#include <algorithm>
#include <cstring>

#include "base/raw_text.hpp"

namespace sluice::http {

namespace {

constexpr std::size_t around_field_bytes = 4;  // ": " and the end of the line
// Of most answers: one allocation, of a size that comes back soon.
constexpr std::size_t usual_bytes = 700;

bool is_control(char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Eight characters at once; those behind a control may be taken for one, too.
bool may_have_control(const char* characters) {
    constexpr std::uint64_t ones = 0x0101'0101'0101'0101U;
    std::uint64_t word = 0;
    std::memcpy(&word, characters, sizeof word);
    const std::uint64_t below = (word - ones * 0x20) & ~word;
    const std::uint64_t deletes = word ^ (ones * 0x7f);
    return ((below | ((deletes - ones) & ~deletes)) & (ones << 7U)) != 0;
}

bool may_have_control(std::string_view text) {
    if (text.size() < 8) {
        return std::ranges::any_of(text, is_control);
    }
    for (std::size_t at = 0; at + 8 < text.size(); at += 8) {
        if (may_have_control(text.data() + at)) {
            return true;
        }
    }
    return may_have_control(text.data() + text.size() - 8);  // with some that were seen already
}

// With its end.
std::string_view first_line(std::string_view text) {
    return text.substr(0, text.find("\r\n") + 2);
}

}  // namespace

void Fields::put(std::string_view name, std::string_view value, bool is_plain) {
    if (text_.empty()) {
        text_.reserve(usual_bytes);
    }
    append_raw(text_, name.size() + value.size() + around_field_bytes, [&](RawText& out) {
        out.text(name).text(": ");
        char* const to = out.end();
        out.text(value);
        if (!is_plain && may_have_control(value)) {
            std::replace_if(to, out.end(), is_control, ' ');
        }
        out.text("\r\n");
    });
}

void Fields::add(FieldName name, std::uint64_t number) {
    if (text_.empty()) {
        text_.reserve(usual_bytes);
    }
    const std::string_view text = name;
    append_raw(text_, text.size() + RawText::digits_max + around_field_bytes, [&](RawText& out) {
        out.text(text).text(": ").number(number).text("\r\n");
    });
}

void Fields::add(const Field& field) {
    put(field.name, field.value, false);
}

void Fields::remove(std::string_view name) {
    for (std::size_t at = 0; at < text_.size();) {
        const std::string_view rest = std::string_view(text_).substr(at);
        const std::size_t length = first_line(rest).size();
        if ((*Iterator(rest)).name == name) {
            text_.erase(at, length);
        } else {
            at += length;
        }
    }
}

std::optional<std::string_view> Fields::find(std::string_view name) const {
    for (const auto& field : *this) {
        if (field.name == name) {
            return field.value;
        }
    }
    return std::nullopt;
}

Fields::Field Fields::Iterator::operator*() const {
    const std::string_view line = rest_.substr(0, rest_.find("\r\n"));
    const auto colon = line.find(": ");
    return {line.substr(0, colon), line.substr(colon + 2)};
}

Fields::Iterator& Fields::Iterator::operator++() {
    rest_.remove_prefix(first_line(rest_).size());
    return *this;
}

}  // namespace sluice::http
