#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <string>

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

}  // namespace

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
    std::string line = json.end_object().take();
    line += '\n';
    // A log that cannot be written must not stop the work.
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace sluice::log
