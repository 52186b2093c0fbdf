#include "base/log.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <climits>
#include <cstdlib>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/json_writer.hpp"
#include "base/raw_text.hpp"

namespace sluice::log {
namespace {

std::atomic<Level>& threshold() {
    static std::atomic<Level> level = Level::info;
    return level;
}

std::string_view name_of(Level level) {
    switch (level) {
        case Level::debug:
            return "debug";
        case Level::info:
            return "info";
        case Level::warning:
            return "warning";
        case Level::error:
            return "error";
    }
    return "error";
}

// What a pipe takes in one piece: more could be torn by what others write.
constexpr std::size_t gathered_max = PIPE_BUF;

struct Gathered {
    std::string lines;
    std::function<void()> soon;  // none: nothing is gathered on this thread
};

Gathered& gathered() {
    thread_local Gathered of_thread;
    return of_thread;
}

std::atomic<Outlet*>& outlet() {
    static std::atomic<Outlet*> of_process = nullptr;
    return of_process;
}

// Many lines are of the same millisecond.
const std::string& time_text() {
    struct LastTime {
        WallTime time;
        std::string text;
    };
    thread_local LastTime last;
    const WallTime now = SystemClock().now();
    if (now != last.time || last.text.empty()) {
        last = {now, rfc3339(now)};
    }
    return last.text;
}

void append_value(std::string& out, std::string_view text) {
    append_json_string(out, text);
}
void append_value(std::string& out, bool flag) {
    out += flag ? "true" : "false";
}
void append_value(std::string& out, std::int64_t number) {
    std::array<char, 24> digits{};
    out.append(digits.begin(), std::to_chars(digits.begin(), digits.end(), number).ptr);
}
void append_value(std::string& out, double number) {
    append_json_number(out, number);
}

// What a field takes at most if nothing in it needs an escape; nothing: something does.
std::optional<std::size_t> plain_bytes(const Field& field) {
    constexpr std::size_t frame_bytes = 6;
    constexpr std::size_t other_bytes = 32;  // numbers, true and false
    const auto* text = std::get_if<std::string_view>(&field.value);
    if (text != nullptr && !is_plain_json(*text)) {
        return std::nullopt;
    }
    return field.name.size() + frame_bytes + (text != nullptr ? text->size() : other_bytes);
}

std::size_t plain_bytes(Fields fields) {
    std::size_t sum = 0;
    for (const Field& field : fields) {
        const auto bytes = plain_bytes(field);
        if (!bytes) {
            return 0;
        }
        sum += *bytes;
    }
    return sum;
}

void put_value(RawText& out, const Field& field) {
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
        out.text("\"").text(*text).text("\"");
    } else if (const auto* number = std::get_if<std::int64_t>(&field.value)) {
        out.number(*number);
    } else {
        std::string other;
        std::visit([&other](const auto& value) { append_value(other, value); }, field.value);
        out.text(other);
    }
}

// Straight into what is gathered: a line for each request. Names are ours, and need no escape; nearly all values need
// none.
void append_line(
    std::string& out, Level level, std::string_view event, std::string_view message, Fields fields
) {
    constexpr std::size_t frame_bytes = 128;  // with time and level
    const JsonText said(message);
    const std::string_view words = said;
    const std::size_t plain = plain_bytes(fields);
    append_raw(out, event.size() + words.size() + plain + frame_bytes, [&](RawText& line) {
        line.text(R"({"time":")").text(time_text()).text(R"(","level":")").text(name_of(level));
        line.text(R"(","msg":")").text(words).text(R"(","event":")").text(event).text("\"");
        for (const Field& field : plain > 0 ? fields : Fields()) {
            line.text(",\"").text(field.name).text("\":");
            put_value(line, field);
        }
    });
    for (const Field& field : plain > 0 ? Fields() : fields) {
        out.append(",\"").append(field.name).append("\":");
        std::visit([&out](const auto& value) { append_value(out, value); }, field.value);
    }
    out += "}\n";
}

// A log that cannot be written must not stop the work.
void put(std::string_view lines, bool is_grave) {
    if (Outlet* taker = outlet()) {
        taker->take(lines, is_grave);
        return;
    }
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, lines.data(), lines.size());
}

std::string reason_of_end() {
    if (const auto thrown = std::current_exception()) {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::exception& error) {
            return error.what();
        } catch (...) {
            return "an unknown exception";
        }
    }
    return "no exception";
}

// The library's own handler writes to stderr, and would wait for whoever reads it.
[[noreturn]] void end_of_process() {
    static std::atomic_flag has_begun;
    if (!has_begun.test_and_set()) {
        error("terminated", "std::terminate was called", {{"reason", reason_of_end()}});
        settle();
    }
    std::abort();
}

}  // namespace

Diverting::Diverting(Outlet& taker) {
    outlet() = &taker;
    std::set_terminate(end_of_process);
}

Diverting::~Diverting() {
    Gathering::flush();
    outlet() = nullptr;
}

void settle() {
    if (Outlet* taker = outlet()) {
        taker->settle();
    }
}

Gathering::Gathering(std::function<void()> soon) {
    gathered().soon = std::move(soon);
}

Gathering::~Gathering() {
    flush();
    gathered().soon = nullptr;
}

void Gathering::flush() {
    Gathered& mine = gathered();
    if (!mine.lines.empty()) {
        put(mine.lines, false);
        mine.lines.clear();
    }
}

void set_level(Level level) {
    threshold() = level;
}

std::string line_of(Level level, std::string_view event, std::string_view message, Fields fields) {
    std::string line;
    append_line(line, level, event, message, fields);
    return line;
}

void write(Level level, std::string_view event, std::string_view message, Fields fields) {
    if (level < threshold()) {
        return;
    }
    Gathered& mine = gathered();
    if (level >= Level::warning || !mine.soon) {
        Gathering::flush();
        put(line_of(level, event, message, fields), level >= Level::warning);
        return;
    }
    const std::size_t before = mine.lines.size();
    append_line(mine.lines, level, event, message, fields);
    if (mine.lines.size() > gathered_max && before > 0) {
        const std::string line = mine.lines.substr(before);
        mine.lines.resize(before);
        Gathering::flush();
        mine.lines = line;
    }
    if (before == 0) {
        mine.soon();
    }
}

}  // namespace sluice::log
