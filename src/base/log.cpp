#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "base/clock.hpp"
#include "base/json_writer.hpp"

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

constexpr std::size_t gathered_max = 64UL * 1024;

struct Gathered {
    std::string lines;
    std::function<void()> soon;  // none: nothing is gathered on this thread
};

Gathered& gathered() {
    thread_local Gathered of_thread;
    return of_thread;
}

// A log that cannot be written must not stop the work.
void put(std::string& lines) {
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, lines.data(), lines.size());
    lines.clear();
}

}  // namespace

Gathering::Gathering(std::function<void()> soon) {
    gathered().soon = std::move(soon);
}

Gathering::~Gathering() {
    flush();
    gathered().soon = nullptr;
}

void Gathering::flush() {
    if (!gathered().lines.empty()) {
        put(gathered().lines);
    }
}

void set_level(Level level) {
    threshold() = level;
}

void write(Level level, std::string_view event, std::string_view message, Fields fields) {
    if (level < threshold()) {
        return;
    }
    JsonWriter json;
    json.begin_object()
        .member("time", rfc3339(SystemClock().now()))
        .member("level", name_of(level))
        .member("msg", message)
        .member("event", event);
    for (const Field& field : fields) {
        json.key(field.name);
        std::visit([&json](const auto& value) { json.value(value); }, field.value);
    }
    Gathered& mine = gathered();
    const bool is_first = mine.lines.empty();
    mine.lines += json.end_object().take();
    mine.lines += '\n';
    if (!mine.soon || level >= Level::warning || mine.lines.size() >= gathered_max) {
        put(mine.lines);
    } else if (is_first) {
        mine.soon();
    }
}

}  // namespace sluice::log
