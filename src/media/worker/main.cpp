// sluice-worker: takes one job at a time as a line on stdin, answers with lines on stdout
// (media/worker_protocol.hpp), logs to stderr. It ends when stdin is closed, and dies with the
// process that started it. The only program that links decoders, and it calls them in children of
// its own alone (task.hpp): it keeps one thread and holds no secret, so that it can be forked.
//
//   sluice-worker [--sandbox=off] [FFMPEG]
//   sluice-worker --self-test CANARY       one line (media/sandbox_facts.hpp) and no jobs
//   sluice-worker --versions               one line for people and no jobs
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <vips/vips.h>

#include <cerrno>
#include <csignal>
#include <optional>
#include <span>
#include <string>
#include <string_view>

extern "C" {
#include <libavutil/avutil.h>
#include <libavutil/log.h>
}

#include "base/log.hpp"
#include "media/worker/image_maker.hpp"
#include "media/worker/job_runner.hpp"
#include "media/worker/self_test.hpp"
#include "media/worker_protocol.hpp"

namespace {

using namespace sluice;

constexpr std::string_view ffmpeg_default = "/usr/bin/ffmpeg";
constexpr int exit_ok = 0;
constexpr int exit_wrong_order = 2;
constexpr int exit_not_usable = 3;

// Of this process, which decodes nothing; and of the largest child.
constexpr rlim_t data_max = 1ULL << 28;
constexpr rlim_t data_of_child_max = 3ULL << 29;

constexpr bool is_sanitized() {
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
    return true;  // their shadow memory counts as data
#else
    return false;
#endif
}

bool give_up_rights() {
    ::signal(SIGPIPE, SIG_IGN);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // after that: a change of rights would clear it
    const rlimit no_core{0, 0};
    const rlimit data{data_max, data_of_child_max};
    return ::setrlimit(RLIMIT_CORE, &no_core) == 0 &&
           (is_sanitized() || ::setrlimit(RLIMIT_DATA, &data) == 0) &&
           ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

// The next whole line of stdin; nothing at its end, and for a line that is too long.
class LineReader {
  public:
    std::optional<std::string> next() {
        while (true) {
            if (const auto end = buffer_.find('\n'); end != std::string::npos) {
                auto line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                return line;
            }
            if (buffer_.size() > worker_line_max || !read_more()) {
                return std::nullopt;
            }
        }
    }

  private:
    bool read_more() {
        char bytes[4096];
        ssize_t count = 0;
        do {
            count = ::read(STDIN_FILENO, bytes, sizeof bytes);
        } while (count < 0 && errno == EINTR);
        if (count > 0) {
            buffer_.append(bytes, static_cast<std::size_t>(count));
        }
        return count > 0;
    }

    std::string buffer_;
};

// A supervisor that does not listen any more is gone: nothing is left to do.
void say(const std::string& line) {
    std::size_t sent = 0;
    while (sent < line.size()) {
        const auto count = ::write(STDOUT_FILENO, line.data() + sent, line.size() - sent);
        if (count < 0 && errno != EINTR) {
            ::_exit(exit_ok);
        }
        sent += count > 0 ? static_cast<std::size_t>(count) : 0;
    }
}

void send(const WorkerReport& report) {
    say(encode(report));
}

int serve(const WorkerTools& tools) {
    LineReader lines;
    while (const auto line = lines.next()) {
        const auto order = decode_order(*line);
        if (!order) {
            log::error(
                "order_refused", "an order was not understood", {{"detail", order.error().detail}}
            );
            return exit_wrong_order;
        }
        send(run_job(*order, tools, send));
    }
    return exit_ok;
}

struct Task {
    WorkerTools tools{.ffmpeg = std::string(ffmpeg_default)};
    std::string canary;  // not empty: no jobs, but the self-test
    bool tells_versions = false;
};

Task task_from(std::span<char*> arguments) {
    Task task;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        if (argument == sandbox_off_argument) {
            task.tools.walls = Walls::limits_only;
        } else if (argument == self_test_argument && i + 1 < arguments.size()) {
            task.canary = arguments[++i];
        } else if (argument == versions_argument) {
            task.tells_versions = true;
        } else {
            task.tools.ffmpeg = argument;
        }
    }
    return task;
}

}  // namespace

int main(int argc, char** argv) {
    const auto task = task_from({argv + 1, static_cast<std::size_t>(argc - 1)});
    if (task.tells_versions) {
        say(std::string("libvips ") + vips_version_string() + ", FFmpeg " + av_version_info() + "\n"
        );
        return exit_ok;
    }
    // One wall more, where the kernel allows it.
    const bool has_left_network = task.tools.walls == Walls::all && leave_network();
    if (!give_up_rights() || !start_image_library()) {
        log::error("worker_not_usable", "resource limits or libvips refused to work");
        return exit_not_usable;
    }
    if (!task.canary.empty()) {
        say(encode(test_walls(task.canary, has_left_network)));
        return exit_ok;
    }
    av_log_set_level(AV_LOG_QUIET);
    send(WorkerHello{static_cast<std::uint64_t>(::getpid()), SLUICE_VERSION});
    return serve(task.tools);
}
