// RawText: writes into memory that is known to be long enough, as std::string::resize_and_overwrite() gives it: many short
// pieces cost one look at the capacity. What is written and how long it may become is the caller's to know.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice {

class RawText {
  public:
    static constexpr std::size_t digits_max = 20;

    explicit RawText(char* to) : to_(to) {}

    RawText& text(std::string_view text) {
        if (!text.empty()) {  // may have no address then
            std::memcpy(to_, text.data(), text.size());
        }
        to_ += text.size();
        return *this;
    }
    // A literal: a store or two.
    template <std::size_t length>
    RawText& text(const char (&literal)[length]) {
        std::memcpy(to_, literal, length - 1);
        to_ += length - 1;
        return *this;
    }
    RawText& character(char one) {
        *to_++ = one;
        return *this;
    }
    template <class Number>
    RawText& number(Number number) {
        to_ = std::to_chars(to_, to_ + digits_max, number).ptr;
        return *this;
    }
    char* end() const { return to_; }

  private:
    char* to_;
};

// Appends what `put(RawText&)` writes: no more than so many bytes.
template <class Put>
void append_raw(std::string& out, std::size_t bytes_max, Put&& put) {
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + bytes_max, [&](char* memory, std::size_t) {
        RawText text(memory + before);
        put(text);
        return static_cast<std::size_t>(text.end() - memory);
    });
}

}  // namespace sluice
