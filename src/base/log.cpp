#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdlib>
#include <exception>
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
};

Gathered& gathered() {
    thread_local Gathered of_thread;
    return of_thread;
}

std::atomic<Outlet*>& outlet() {
    static std::atomic<Outlet*> of_process = nullptr;
    return of_process;
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
    return json.end_object().take() + '\n';
}

void write(Level level, std::string_view event, std::string_view message, Fields fields) {
    if (level < threshold()) {
        return;
    }
    Gathered& mine = gathered();
    const std::string line = line_of(level, event, message, fields);
    if (level >= Level::warning || !mine.soon) {
        Gathering::flush();
        put(line, level >= Level::warning);
        return;
    }
    if (mine.lines.size() + line.size() > gathered_max) {
        Gathering::flush();
    }
    const bool is_first = mine.lines.empty();
    mine.lines += line;
    if (is_first) {
        mine.soon();
    }
}

}  // namespace sluice::log
