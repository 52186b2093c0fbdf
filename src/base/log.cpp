#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <climits>
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

// What a pipe takes in one piece: more could be torn by what others write.
constexpr std::size_t gathered_max = PIPE_BUF;

struct Gathered {
    std::string lines;
    std::function<void()> soon;  // none: nothing is gathered on this thread
    Gathering::Take take;
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

Gathering::Gathering(std::function<void()> soon, Take take) {
    gathered().soon = std::move(soon);
    gathered().take = std::move(take);
}

Gathering::~Gathering() {
    flush();
    gathered().soon = nullptr;
    gathered().take = nullptr;
}

void Gathering::flush() {
    Gathered& mine = gathered();
    if (mine.lines.empty()) {
        return;
    }
    if (mine.take) {
        mine.take(mine.lines);
        mine.lines.clear();
    } else {
        put(mine.lines);
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
    std::string line = json.end_object().take();
    line += '\n';
    if (mine.lines.size() + line.size() > gathered_max) {
        Gathering::flush();
    }
    const bool is_first = mine.lines.empty();
    mine.lines += line;
    if (!mine.soon || level >= Level::warning) {
        put(mine.lines);
    } else if (is_first) {
        mine.soon();
    }
}

}  // namespace sluice::log
