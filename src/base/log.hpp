// One JSON object per line on stderr: time, level, msg, event, then the fields given. From any thread. Without an
// outlet, lines are written whole, by one write(2) each or several together (no more than a pipe takes in one piece),
// which waits for whoever reads stderr. With one (`sluice serve`), no thread waits: the outlet writes them.
// Never log tokens, signatures, query strings or file content.
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

// Takes lines instead of write(2), from any thread, and keeps nobody waiting. runtime::LogOutlet is one.
class Outlet {
  public:
    // Whole lines; `is_grave`: warnings or errors, to be dropped last.
    virtual void take(std::string_view lines, bool is_grave) = 0;
    // Waits a moment at most until what was taken is written: the process is about to abort.
    virtual void settle() = 0;

  protected:
    ~Outlet() = default;
};

// While it lives, the lines of all threads go to the outlet, and std::terminate says why as a line and settles it
// before it aborts. One at a time; made before the other threads that log, and ended after them.
class Diverting {
  public:
    explicit Diverting(Outlet& outlet);
    ~Diverting();
    Diverting(const Diverting&) = delete;
    Diverting& operator=(const Diverting&) = delete;
};

// For who is about to abort: waits a moment at most for the outlet, if there is one.
void settle();

// While it lives, the lines of its thread that are neither warning nor error are gathered, and go out together: when
// `soon`, which is called with the first of them, calls flush() on that thread, just before a graver line, when many
// have come, and at the end.
class Gathering {
  public:
    explicit Gathering(std::function<void()> soon);
    ~Gathering();
    Gathering(const Gathering&) = delete;
    Gathering& operator=(const Gathering&) = delete;

    static void flush();
};

// Lines below `level` are dropped; set once by main, before threads start.
void set_level(Level level);

// The line that write() makes, with its end.
std::string line_of(
    Level level, std::string_view event, std::string_view message, Fields fields = {}
);

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
