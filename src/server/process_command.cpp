#include "server/process_command.hpp"

#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>
#include <thread>
#include <variant>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "cli/arguments.hpp"
#include "cli/error_text.hpp"
#include "cli/progress_line.hpp"
#include "core/category.hpp"
#include "media/category_rules.hpp"
#include "processing/sandbox_check.hpp"
#include "processing/worker_pool.hpp"
#include "processing/worker_process.hpp"

namespace sluice::server {
namespace {

using namespace std::chrono_literals;

constexpr int exit_well = 0;
constexpr int exit_environment = 3;
constexpr int exit_refused = 6;
constexpr int exit_failed = 7;
constexpr int exit_interrupted = 130;
constexpr auto silence_max = 180s;  // as the server
constexpr unsigned columns_without_terminal = 80;

constexpr std::array rules{
    cli::FlagRule{"--category", true},
    cli::FlagRule{"--type", true},
    cli::FlagRule{"--out", true},
    cli::FlagRule{"--cores", true},
    cli::FlagRule{"--sandbox", true},
    cli::FlagRule{"--remux", true},
    cli::FlagRule{"--avif"},
    cli::FlagRule{"--faithful"},
    cli::FlagRule{"--json"},
    cli::FlagRule{"--quiet", false, 'q'},
};

constexpr const char* help_text = R"(sluice process FILE --category C --out DIR

  sluice process holiday.mp4 --category tweet_video --out ./made
  sluice process cat.png --category tweet_image --out ./made --json

Runs what the server would run after FINALIZE, on a local file and without a server.

  --category C        tweet_image, tweet_gif, tweet_video, amplify_video, dm_image, dm_gif, dm_video, subtitles
  --out DIR           where the files go; made if missing, must be empty
  --type MIME         what the uploader would have declared; nothing if not given
  --cores N           threads for a video (default: all cores)
  --remux on|off      off: encode also a video that could be copied
  --avif              the larger pictures in AVIF too
  --faithful          refuse what X refuses instead of converting it
  --sandbox on|off    off: without walls around the decoders, only for media you trust
  --json              JSON lines on stdout, the last one `ready` or `failed`
  --quiet, -q         no progress

Exits 0 if it was made, 3 if file, folder or worker cannot be used, 6 if the medium is refused, 7 if
processing failed.
)";

struct Wishes {
    JobOrder order;
    bool has_sandbox = true;
    bool is_json = false;
    bool is_quiet = false;
};

int fail(const std::string& why) {
    std::fprintf(stderr, "sluice: process: %s\n", why.c_str());
    return exit_environment;
}

std::string json_of(const std::vector<ProducedFile>& files, const Wishes& wishes) {
    JsonWriter json;
    json.begin_object().member("type", "ready").key("outputs").begin_array();
    for (const auto& file : files) {
        json.begin_object()
            .member("name", file.name)
            .member("path", wishes.order.output_folder + "/" + file.name)
            .member("role", name_of(file.role))
            .member("content_type", file.content_type)
            .member("size_bytes", file.size.value)
            .member("width", file.width)
            .member("height", file.height)
            .member("duration_ms", file.duration_ms)
            .member("copied", file.is_copied)
            .member("placeholder", file.placeholder)
            .end_object();
    }
    json.end_array().end_object();
    return json.take();
}

// What happens, as lines on stdout and a bar on stderr.
class Teller {
  public:
    explicit Teller(const Wishes& wishes)
        : wishes_(wishes), is_terminal_(::isatty(STDERR_FILENO) == 1) {}

    void progress(const ProgressReport& report) {
        if (wishes_.is_quiet || (report.percent == percent_ && report.step == step_)) {
            return;
        }
        percent_ = report.percent;
        step_ = report.step;
        const auto seconds = std::chrono::ceil<std::chrono::seconds>(report.remaining).count();
        if (wishes_.is_json) {
            JsonWriter json;
            json.begin_object()
                .member("type", "progress")
                .member("percent", report.percent)
                .member("step", report.step)
                .member("remaining_ms", report.remaining.count())
                .end_object();
            std::printf("%s\n", json.take().c_str());
        } else if (is_terminal_) {
            const auto detail = report.step + ", " + std::to_string(seconds) + " s left";
            const auto line = cli::bar_line({"process", report.percent, detail}, columns());
            std::fprintf(stderr, "\r\033[K%s", line.c_str());
        } else {
            std::fprintf(stderr, "%3d %% %s\n", report.percent, report.step.c_str());
        }
    }

    void playable(const PlayableReport& report) {
        early_ = report.outputs;
        if (wishes_.is_json && !wishes_.is_quiet) {
            std::printf("{\"type\":\"playable\"}\n");
        }
    }

    int done(const DoneReport& report) {
        std::vector<ProducedFile> files = report.outputs;
        std::ranges::copy_if(early_, std::back_inserter(files), [&](const ProducedFile& file) {
            return std::ranges::find(report.outputs, file.name, &ProducedFile::name) ==
                   report.outputs.end();
        });
        end_bar();
        if (wishes_.is_json) {
            std::printf("%s\n", json_of(files, wishes_).c_str());
            return exit_well;
        }
        for (const auto& file : files) {
            std::printf(
                "%-16s %-10s %10llu  %s%s\n",
                file.name.c_str(),
                std::string(name_of(file.role)).c_str(),
                static_cast<unsigned long long>(file.size.value),
                file.content_type.c_str(),
                file.is_copied ? ", copied" : ""
            );
        }
        return exit_well;
    }

    int failed(const ProcessingFailure& why) {
        end_bar();
        if (wishes_.is_json) {
            JsonWriter json;
            json.begin_object()
                .member("type", "failed")
                .key("error")
                .begin_object()
                .member("code", why.code)
                .member("name", why.name)
                .member("reason", why.reason)
                .member("message", why.message)
                .end_object()
                .end_object();
            std::printf("%s\n", json.take().c_str());
        }
        std::fprintf(
            stderr,
            "sluice: process: %s (%s, %s)\n",
            why.message.c_str(),
            why.name.c_str(),
            why.reason.c_str()
        );
        return why.code == 2 ? exit_failed : exit_refused;
    }

    void end_bar() const {
        if (is_terminal_ && !wishes_.is_json && percent_ >= 0) {
            std::fputs("\r\033[K", stderr);
        }
    }

  private:
    static unsigned columns() {
        winsize size{};
        const bool is_known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
        return is_known ? size.ws_col : columns_without_terminal;
    }

    const Wishes& wishes_;
    const bool is_terminal_;
    int percent_ = -1;
    std::string step_;
    std::vector<ProducedFile> early_;
};

// Readable once SIGINT or SIGTERM came, which do nothing else any more.
UniqueFd interrupts() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    ::sigaddset(&wanted, SIGINT);
    ::sigaddset(&wanted, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &wanted, nullptr);
    return UniqueFd(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool has_come(const UniqueFd& interrupt) {
    signalfd_siginfo info{};
    return ::read(interrupt.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info);
}

// The exit code, once the report ends the job.
std::optional<int> take(const WorkerReport& report, Teller& teller) {
    if (const auto* progress = std::get_if<ProgressReport>(&report)) {
        teller.progress(*progress);
    } else if (const auto* playable = std::get_if<PlayableReport>(&report)) {
        teller.playable(*playable);
    } else if (const auto* done = std::get_if<DoneReport>(&report)) {
        return teller.done(*done);
    } else if (const auto* failed = std::get_if<FailedReport>(&report)) {
        return teller.failed(failed->failure);
    }
    return std::nullopt;
}

std::optional<int> take_all(const std::vector<WorkerReport>& reports, Teller& teller) {
    for (const WorkerReport& report : reports) {
        if (const auto code = take(report, teller)) {
            return code;
        }
    }
    return std::nullopt;
}

int supervise(WorkerProcess& worker, Teller& teller) {
    const auto interrupt = interrupts();
    auto heard_at = std::chrono::steady_clock::now();
    while (true) {
        const auto reports = worker.reports(interrupt.get(), 1s);
        if (has_come(interrupt)) {
            teller.end_bar();
            return exit_interrupted;
        }
        const auto now = std::chrono::steady_clock::now();
        if (!reports || now - heard_at > silence_max) {
            return teller.failed({2, "InternalError", "WorkerCrashed", "the worker was lost"});
        }
        heard_at = reports->empty() ? heard_at : now;
        if (const auto code = take_all(*reports, teller)) {
            return *code;
        }
    }
}

// What the worker needed on the way is no output.
void remove_leftovers(const std::string& folder) {
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
        if (entry.path().filename().string().starts_with("track-")) {
            std::filesystem::remove(entry.path(), ignored);
        }
    }
}

int process(const Wishes& wishes) {
    std::setvbuf(stdout, nullptr, _IOLBF, 0);  // who reads a pipe sees lines as they come
    const auto program = worker_beside_us();
    std::vector<std::string> arguments;
    if (wishes.has_sandbox) {
        const auto facts = check_sandbox(program, wishes.order.output_folder);
        if (!facts || !facts->holds()) {
            return fail(
                facts ? "walls of the sandbox that do not hold here: " + walls_that(false, *facts) +
                            "; --sandbox=off goes without, for media that you trust"
                      : facts.error().detail
            );
        }
    } else {
        arguments.emplace_back(sandbox_off_argument);
    }
    auto worker = WorkerProcess::start(program, arguments);
    if (!worker) {
        return fail(worker.error().detail);
    }
    if (const auto sent = worker->send(wishes.order); !sent) {
        return fail(sent.error().detail);
    }
    Teller teller(wishes);
    const int code = supervise(*worker, teller);
    worker->kill();
    remove_leftovers(wishes.order.output_folder);
    return code;
}

std::optional<std::string> unusable_folder(const std::string& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error || !std::filesystem::is_directory(folder, error)) {
        return folder + " is no folder and cannot be made one";
    }
    return std::filesystem::is_empty(folder, error)
               ? std::nullopt
               : std::optional(folder + " is not empty; nothing is overwritten");
}

// The flag that is; empty: none.
std::string neither_on_nor_off(const cli::Arguments& given) {
    for (const std::string flag : {"--sandbox", "--remux"}) {
        const auto value = given.value(flag);
        if (given.has(flag) && value != "on" && value != "off") {
            return flag;
        }
    }
    return {};
}

int usage(const std::string& text) {
    return cli::usage_error(std::cerr, text, "process");
}

}  // namespace

int process_command(const std::vector<std::string>& words) {
    if (std::ranges::find(words, "--help") != words.end() ||
        std::ranges::find(words, "-h") != words.end()) {
        std::fputs(help_text, stdout);
        return exit_well;
    }
    const auto given = cli::parse_arguments(words, rules);
    if (!given) {
        return usage(given.error().text);
    }
    if (given->operands.size() != 1 || !given->has("--out")) {
        return usage("one FILE, --category and --out are needed");
    }
    const auto category = parse_category(given->value("--category"));
    if (!category) {
        return usage("--category: unknown category " + printable(given->value("--category")));
    }
    if (const auto flag = neither_on_nor_off(*given); !flag.empty()) {
        return usage(flag + " must be on or off");
    }
    const unsigned machine = std::max(1U, std::thread::hardware_concurrency());
    const auto cores = given->has("--cores") ? parse_unsigned(given->value("--cores"))
                                             : std::optional(std::uint64_t{machine});
    if (!cores || *cores < 1 || *cores > 1024) {
        return usage("--cores must be a number from 1 to 1024");
    }
    std::error_code missing;
    const auto input = std::filesystem::canonical(given->operands.front(), missing);
    if (missing || !std::filesystem::is_regular_file(input)) {
        return fail("no file " + printable(given->operands.front()));
    }
    if (const auto why = unusable_folder(given->value("--out"))) {
        return fail(*why);
    }
    return process({
        .order =
            {
                .job = {1},
                .media = {1},
                .category = *category,
                .declared_type = given->value("--type"),
                .input = input.string(),
                .output_folder = std::filesystem::canonical(given->value("--out")).string(),
                .cores = static_cast<unsigned>(*cores),
                .as_x = given->has("--faithful"),
                .may_copy = given->value("--remux") != "off",
                .with_avif = given->has("--avif"),
            },
        .has_sandbox = given->value("--sandbox") != "off",
        .is_json = given->has("--json"),
        .is_quiet = given->has("--quiet"),
    });
}

}  // namespace sluice::server
