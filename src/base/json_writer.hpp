// Writes JSON text, member by member, into a string. For answers, logs and pipes; parsing is
// Boost.JSON's work.
//   JsonWriter json;
//   json.begin_object().member("media_id", 7).member("state", "open").end_object();
// Commas and escapes are its business; balanced begin and end are the caller's (asserted by
// take()).
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/raw_text.hpp"

namespace sluice {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

// The shortest text that is read as this number; null if it is none.
void append_json_number(std::string& out, double number);

// Nothing in it needs an escape.
bool is_plain_json(std::string_view text);

// What stands between the quotes of such a string. A text that needs no escape is lent, not copied.
class JsonText {
  public:
    explicit JsonText(std::string_view text);
    JsonText(const JsonText&) = delete;
    JsonText& operator=(const JsonText&) = delete;
    ~JsonText() = default;
    operator std::string_view() const { return text_; }

  private:
    std::string own_;
    std::string_view text_;
};

class JsonWriter {
  public:
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);
    // A literal, in which nothing needs an escape.
    template <std::size_t length>
    JsonWriter& key(const char (&name)[length]) {
        return plain_key({name, length - 1});
    }

    JsonWriter& value(std::string_view text);
    JsonWriter& value(const char* text) { return value(std::string_view(text)); }
    JsonWriter& value(bool flag);
    JsonWriter& value(double number);
    JsonWriter& null();
    template <std::integral I>
    JsonWriter& value(I number) {
        return std::signed_integral<I> ? signed_value(static_cast<std::int64_t>(number))
                                       : unsigned_value(static_cast<std::uint64_t>(number));
    }
    // A value that is JSON already.
    JsonWriter& raw(std::string_view json);
    // A value, or members of an open object: JSON of no more than so many bytes, written by `put(RawText&)`.
    template <class Put>
    JsonWriter& raw(std::size_t bytes_max, Put&& put) {
        separate();
        append_raw(text_, bytes_max, std::forward<Put>(put));
        return *this;
    }

    template <class Name, class T>
    JsonWriter& member(Name&& name, T&& what) {
        return key(std::forward<Name>(name)).value(std::forward<T>(what));
    }

    // Before begin_object(): so long it may become.
    void expect(std::size_t bytes);
    // The finished text; the writer is empty afterwards.
    std::string take();

  private:
    JsonWriter& plain_key(std::string_view name);
    JsonWriter& signed_value(std::int64_t number);
    JsonWriter& unsigned_value(std::uint64_t number);
    template <class Number>
    JsonWriter& digits(Number number);
    void separate();

    std::string text_;
    int depth_ = 0;
    bool needs_comma_ = false;
};

}  // namespace sluice
