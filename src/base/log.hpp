// One JSON object per line on stderr: time, level, msg, event, then the fields given. Lines are
// written whole, by one write(2) each or several together (no more than a pipe takes in one piece).
// From any thread. Never log tokens, signatures, query strings
// or file content.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace sluice::log {

enum class Level : std::uint8_t { debug, info, warning, error };

struct Field {
    template <std::integral I>
    Field(std::string_view field_name, I number)
        : name(field_name), value(static_cast<std::int64_t>(number)) {}
    Field(std::string_view field_name, bool flag) : name(field_name), value(flag) {}
    Field(std::string_view field_name, double number) : name(field_name), value(number) {}
    Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
    Field(std::string_view field_name, const std::string& text)
        : name(field_name), value(std::string_view(text)) {}
    Field(std::string_view field_name, const char* text)
        : name(field_name), value(std::string_view(text)) {}

    std::string_view name;
    std::variant<std::string_view, std::int64_t, double, bool> value;
};

using Fields = std::initializer_list<Field>;

// While it lives, the lines of its thread that are neither warning nor error are gathered, and
// written together: when `soon`, which is called with the first of them, calls flush() on that thread,
// when a graver line comes, when many have come, and at the end. `take`, if given, is called with them instead of
// write(2), which waits for whoever reads stderr or for the disk; graver lines are written here all the same.
class Gathering {
  public:
    using Take = std::function<void(std::string_view lines)>;
    explicit Gathering(std::function<void()> soon, Take take = nullptr);
    ~Gathering();
    Gathering(const Gathering&) = delete;
    Gathering& operator=(const Gathering&) = delete;

    static void flush();
};

// Lines below `level` are dropped; set once by main, before threads start.
void set_level(Level level);

// `event` is a stable snake_case name to search for; `message` is for people.
void write(Level level, std::string_view event, std::string_view message, Fields fields = {});

inline void debug(std::string_view event, std::string_view message, Fields fields = {}) {
    write(Level::debug, event, message, fields);
}
inline void info(std::string_view event, std::string_view message, Fields fields = {}) {
    write(Level::info, event, message, fields);
}
inline void warning(std::string_view event, std::string_view message, Fields fields = {}) {
    write(Level::warning, event, message, fields);
}
inline void error(std::string_view event, std::string_view message, Fields fields = {}) {
    write(Level::error, event, message, fields);
}

}  // namespace sluice::log
