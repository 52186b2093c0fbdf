// RawText: writes into memory that is long enough, as std::string::resize_and_overwrite() gives it: many short pieces cost
// one look at the capacity. How long it may become is the caller's to know, and is asserted.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <system_error>

#include "base/assert.hpp"

namespace sluice {

class RawText {
  public:
    static constexpr std::size_t digits_max = 20;

    RawText(char* to, std::size_t bytes_max) : to_(to), limit_(to + bytes_max) {}

    RawText& text(std::string_view text) {
        SLUICE_ASSERT(text.size() <= room());
        if (!text.empty()) {  // may have no address then
            std::memcpy(to_, text.data(), text.size());
        }
        to_ += text.size();
        return *this;
    }
    // A literal: a store or two.
    template <std::size_t length>
    RawText& text(const char (&literal)[length]) {
        SLUICE_ASSERT(length - 1 <= room());
        std::memcpy(to_, literal, length - 1);
        to_ += length - 1;
        return *this;
    }
    RawText& character(char one) {
        SLUICE_ASSERT(room() > 0);
        *to_++ = one;
        return *this;
    }
    template <class Number>
    RawText& number(Number number) {
        const auto written = std::to_chars(to_, limit_, number);
        SLUICE_ASSERT(written.ec == std::errc());
        to_ = written.ptr;
        return *this;
    }
    char* end() const { return to_; }

  private:
    std::size_t room() const { return static_cast<std::size_t>(limit_ - to_); }

    char* to_;
    char* limit_;
};

// Appends what `put(RawText&)` writes: no more than so many bytes.
template <class Put>
void append_raw(std::string& out, std::size_t bytes_max, Put&& put) {
    const std::size_t before = out.size();
    out.resize_and_overwrite(before + bytes_max, [&](char* memory, std::size_t) {
        RawText text(memory + before, bytes_max);
        put(text);
        return static_cast<std::size_t>(text.end() - memory);
    });
}

}  // namespace sluice
