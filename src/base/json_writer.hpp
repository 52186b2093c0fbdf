// Writes JSON text, member by member, into a string. For answers, logs and pipes; parsing is
// Boost.JSON's work.
//   JsonWriter json;
//   json.begin_object().member("media_id", 7).member("state", "open").end_object();
// Commas and escapes are its business; balanced begin and end are the caller's (asserted by
// take()).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice {

// Appends `text` as a JSON string with its quotes. Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
  public:
    JsonWriter& begin_object();
    JsonWriter& end_object();
    JsonWriter& begin_array();
    JsonWriter& end_array();
    JsonWriter& key(std::string_view name);

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

    template <class T>
    JsonWriter& member(std::string_view name, T&& what) {
        return key(name).value(std::forward<T>(what));
    }

    // Before begin_object(): so long it may become.
    void expect(std::size_t bytes);
    // The finished text; the writer is empty afterwards.
    std::string take();

  private:
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
