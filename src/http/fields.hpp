// The fields of an answer, as the text that goes out: "Name: value\r\n" each, written where they are set. Made by the
// handlers; the connection and the inspector take it as it is. Control characters in values become blanks, so that
// nothing from a request can begin a field of its own. A value.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::http {

// Of a header field that we send: known when we were compiled, so nothing of a request can become one.
class FieldName {
  public:
    consteval FieldName(const char* literal) : text_(literal) {}
    constexpr operator std::string_view() const { return text_; }

  private:
    std::string_view text_;
};

class Fields {
  public:
    struct Field {
        std::string_view name;
        std::string_view value;
    };

    void add(FieldName name, std::string_view value) { put(name, value, false); }
    // A value in which there is no control character.
    void add_plain(FieldName name, std::string_view value) { put(name, value, true); }
    void add(FieldName name, std::uint64_t number);
    // As another answer has it.
    void add(const Field& field);
    void remove(std::string_view name);
    // The value of the first with this name.
    std::optional<std::string_view> find(std::string_view name) const;

    // All of them.
    std::string_view text() const { return text_; }
    // Gives the memory back.
    void drop() { text_ = std::string(); }

    class Iterator {
      public:
        using value_type = Field;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        explicit Iterator(std::string_view rest) : rest_(rest) {}
        Field operator*() const;
        Iterator& operator++();
        void operator++(int) { ++*this; }
        bool operator==(std::default_sentinel_t) const { return rest_.empty(); }

      private:
        std::string_view rest_;
    };
    Iterator begin() const { return Iterator(text_); }
    std::default_sentinel_t end() const { return {}; }

  private:
    void put(std::string_view name, std::string_view value, bool is_plain);

    std::string text_;
};

}  // namespace sluice::http
