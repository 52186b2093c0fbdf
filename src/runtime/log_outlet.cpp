#include "runtime/log_outlet.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <utility>

#include "base/log.hpp"

namespace sluice::runtime {
namespace {

// What comes meanwhile goes out together: on a busy server a call of the system for hundreds of lines.
constexpr std::chrono::milliseconds pause{1};

bool is_file(int descriptor) {
    struct stat status{};
    return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

LogOutlet::LogOutlet(int descriptor)
    : descriptor_(descriptor), is_file_(is_file(descriptor)), thread_([this] { run(); }) {}

LogOutlet::~LogOutlet() {
    {
        const std::lock_guard lock(mutex_);
        is_ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void LogOutlet::take(std::string_view lines) {
    bool wakes = false;
    {
        const std::lock_guard lock(mutex_);
        if (waiting_.size() + lines.size() > waiting_max) {
            dropped_ += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
            return;
        }
        waiting_ += lines;
        wakes = std::exchange(is_idle_, false);
    }
    if (wakes) {
        changed_.notify_one();
    }
}

void LogOutlet::run() {
    std::unique_lock lock(mutex_);
    while (!is_ending_ || !waiting_.empty()) {
        if (waiting_.empty()) {
            is_idle_ = true;
            changed_.wait(lock, [this] { return !waiting_.empty() || is_ending_; });
            is_idle_ = false;
        }
        changed_.wait_for(lock, pause, [this] { return is_ending_; });
        const std::string lines = std::exchange(waiting_, {});
        const std::uint64_t dropped = std::exchange(dropped_, 0);
        lock.unlock();
        write_all(lines);
        if (dropped > 0) {
            log::warning(
                "log_lines_lost",
                "nobody took the lines of the log for a while",
                {{"lines", static_cast<std::int64_t>(dropped)}}
            );
        }
        lock.lock();
    }
}

// Into a pipe so much at once that it is not torn by what others write.
void LogOutlet::write_all(std::string_view lines) const {
    while (!lines.empty()) {
        std::size_t length = lines.size();
        if (!is_file_ && length > PIPE_BUF) {
            const auto end = lines.rfind('\n', PIPE_BUF - 1);
            length = end == std::string_view::npos ? lines.find('\n') + 1 : end + 1;
        }
        // A log that cannot be written must not stop the work.
        [[maybe_unused]] const auto written = ::write(descriptor_, lines.data(), length);
        lines.remove_prefix(length);
    }
}

}  // namespace sluice::runtime
