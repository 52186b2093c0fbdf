#include <algorithm>
#include <array>
#include <filesystem>
#include <memory>
#include <ostream>

#include "base/text.hpp"
#include "cli/commands.hpp"
#include "cli/connection.hpp"
#include "cli/error_text.hpp"
#include "cli/human_reporter.hpp"
#include "cli/json_reporter.hpp"
#include "cli/signals.hpp"
#include "client/media_type.hpp"
#include "client/uploader.hpp"

namespace sluice::cli {
namespace {

constexpr std::array rules{
    FlagRule{"--server", true},
    FlagRule{"--token-file", true},
    FlagRule{"--credentials", true},
    FlagRule{"--protocol", true},
    FlagRule{"--category", true},
    FlagRule{"--type", true},
    FlagRule{"--chunk-size", true},
    FlagRule{"--parallel", true},
    FlagRule{"--alt-text", true},
    FlagRule{"--subtitles", true},
    FlagRule{"--no-wait"},
    FlagRule{"--timeout", true},
    FlagRule{"--json"},
    FlagRule{"--quiet", false, 'q'},
    FlagRule{"--timeline"},
};

using Checked = std::expected<void, UsageError>;

UsageError bad_value(std::string_view flag, const std::string& value, std::string_view wanted) {
    return {std::string(flag) + " is " + printable(value) + ", but must be " + std::string(wanted)};
}

Checked read_protocol(const Arguments& arguments, client::UploadSettings& settings) {
    const auto protocol = arguments.value("--protocol");
    if (!arguments.has("--protocol")) {
        return {};
    }
    const auto known = client::parse_protocol(protocol);
    if (!known) {
        return std::unexpected(bad_value("--protocol", protocol, "x1, x2, tus or rufh"));
    }
    settings.protocol = *known;
    return {};
}

Checked read_numbers(const Arguments& arguments, client::UploadSettings& settings) {
    if (arguments.has("--chunk-size")) {
        const auto text = arguments.value("--chunk-size");
        const auto size = parse_size(text);
        if (!size || size->value == 0) {
            return std::unexpected(bad_value("--chunk-size", text, "a size as 4M or 1MiB"));
        }
        settings.chunk_size = size->value;
    }
    if (arguments.has("--parallel")) {
        const auto text = arguments.value("--parallel");
        const auto count = parse_unsigned(text);
        if (!count || *count < 1 || *count > 64) {
            return std::unexpected(bad_value("--parallel", text, "a number from 1 to 64"));
        }
        settings.parallel = static_cast<unsigned>(*count);
    }
    if (arguments.has("--timeout")) {
        const auto text = arguments.value("--timeout");
        settings.timeout = parse_duration(text);
        if (!settings.timeout) {
            return std::unexpected(bad_value("--timeout", text, "a duration as 30s, 5m or 2h"));
        }
    }
    return {};
}

Checked check_operands(const Arguments& arguments) {
    const bool is_annotated = arguments.has("--alt-text") || arguments.has("--subtitles");
    if (is_annotated && arguments.operands.size() > 1) {
        return std::unexpected(UsageError{"--alt-text and --subtitles belong to one FILE"});
    }
    if (arguments.operands.empty()) {
        return std::unexpected(UsageError{"upload needs a FILE"});
    }
    if (std::ranges::find(arguments.operands, "-") != arguments.operands.end()) {
        return std::unexpected(UsageError{"reading from stdin (-) is not in this version"});
    }
    return {};
}

std::expected<client::UploadSettings, UsageError> read_settings(const Arguments& arguments) {
    auto settings = client::UploadSettings{};
    settings.waits = !arguments.has("--no-wait");
    settings.annotations.alt_text = arguments.value("--alt-text");
    if (arguments.has("--subtitles")) {
        settings.annotations.subtitles =
            client::parse_subtitle_file(arguments.value("--subtitles"));
    }
    auto checked = check_operands(arguments);
    if (checked) {
        checked = read_protocol(arguments, settings);
    }
    if (checked) {
        checked = read_numbers(arguments, settings);
    }
    if (!checked) {
        return std::unexpected(checked.error());
    }
    return settings;
}

std::filesystem::path state_folder(const Console& console) {
    const auto state = console.variable("XDG_STATE_HOME").value_or("");
    if (state.starts_with('/')) {
        return std::filesystem::path(state) / "sluice";
    }
    const auto home = console.variable("HOME").value_or("");
    const auto base =
        home.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(home);
    return base / ".local/state/sluice";
}

// The outcome of one file, for the summary.
struct FileOutcome {
    std::string file;
    int exit_code = exit_done;
    std::string media_id;
    std::string state;
    std::optional<std::uint64_t> size_bytes = std::nullopt;
    std::vector<client::Output> outputs = {};
};

class UploadRun {
  public:
    UploadRun(
        const Arguments& arguments,
        client::UploadSettings settings,
        client::Surroundings around,
        Console& console
    )
        : arguments_(arguments),
          settings_(std::move(settings)),
          around_(std::move(around)),
          console_(console),
          store_(state_folder(console)) {}

    int run() {
        std::vector<FileOutcome> outcomes;
        for (const auto& file : arguments_.operands) {
            outcomes.push_back(upload(file));
            if (console_.stop.load()) {
                break;
            }
        }
        const int code = common_code(outcomes);
        if (arguments_.operands.size() > 1 && arguments_.has("--json")) {
            print_summary(outcomes, code);
        }
        return code;
    }

  private:
    std::unique_ptr<client::Observer> reporter(const std::string& file, std::uint64_t size) const {
        const bool is_quiet = arguments_.has("--quiet");
        if (arguments_.has("--json") && !says_each()) {
            return std::make_unique<RetryObserver>(console_.err);
        }
        if (arguments_.has("--json")) {
            return std::make_unique<JsonReporter>(console_.out, file, size, is_quiet);
        }
        const auto style = HumanReporter::Style{
            .is_tty = console_.err_is_tty,
            .is_quiet = is_quiet,
            .has_timeline = arguments_.has("--timeline")
        };
        return std::make_unique<HumanReporter>(console_.out, console_.err, file, style);
    }

    // With --quiet and several files the summary is the only object.
    bool says_each() const { return !arguments_.has("--quiet") || arguments_.operands.size() == 1; }

    FileOutcome refuse(const std::string& file, const client::Failure& failure) {
        if (arguments_.has("--json") && !says_each()) {
            // The summary tells it.
        } else if (arguments_.has("--json")) {
            print_json_failure(console_.out, file, failure);
        } else {
            print_failure(console_.err, file, failure);
        }
        return {
            .file = file, .exit_code = exit_code_of(failure.kind), .media_id = {}, .state = "failed"
        };
    }

    FileOutcome upload(const std::string& file) {
        auto settings = settings_;
        if (settings.timeout) {  // of all files together
            *settings.timeout -= around_.timer.now() - begun_;
            if (settings.timeout->count() <= 0) {
                return refuse(file, client::timeout_failure());
            }
        }
        settings.media_type = arguments_.value("--type");
        if (settings.media_type.empty()) {
            settings.media_type = client::media_type_of(file).value_or("");
        }
        const auto opened = client::LocalFile::open(file);
        if (!opened) {
            return refuse(file, opened.error());
        }
        if (settings.media_type.empty()) {
            return refuse(file, unknown_type());
        }
        settings.category = arguments_.has("--category")
                                ? arguments_.value("--category")
                                : client::category_of(settings.media_type).value_or("");
        const auto observer = reporter(file, opened->size());
        auto result = client::Uploader(around_, store_, *observer).upload(*opened, settings);
        if (!result) {
            return {
                .file = file,
                .exit_code = exit_code(result.error()),
                .media_id = result.error().media_id,
                .state = "failed",
                .size_bytes = opened->size()
            };
        }
        return {
            .file = file,
            .media_id = result->media_id,
            .state = result->state,
            .size_bytes = result->size_bytes,
            .outputs = result->outputs
        };
    }

    static client::Failure unknown_type() {
        return {
            .kind = client::FailureKind::local,
            .code = "media_type_unknown",
            .message = "its extension tells no media type",
            .hint = "Say it, as in --type video/mp4."
        };
    }

    static int exit_code(const client::Failure& failure) {
        const bool was_signal = failure.kind == client::FailureKind::interrupted;
        const int signal_code = exit_code_of_signal();
        return was_signal && signal_code != 0 ? signal_code : exit_code_of(failure.kind);
    }

    // 0 if all succeeded, the common code if all failed alike, else 1.
    static int common_code(const std::vector<FileOutcome>& outcomes) {
        const int first = outcomes.front().exit_code;
        const bool same = std::ranges::all_of(outcomes, [first](const FileOutcome& outcome) {
            return outcome.exit_code == first;
        });
        const int last = outcomes.back().exit_code;
        return same || last >= exit_interrupted ? last : exit_other;
    }

    void print_summary(const std::vector<FileOutcome>& outcomes, int code) {
        auto json = begin_json("summary");
        json.member("exit_code", code).key("files").begin_array();
        for (const auto& outcome : outcomes) {
            json.begin_object().member("file", outcome.file).member("state", outcome.state);
            json.key("media_id");
            outcome.media_id.empty() ? json.null() : json.value(outcome.media_id);
            json.key("size_bytes");
            outcome.size_bytes ? json.value(*outcome.size_bytes) : json.null();
            write_outputs(json, outcome.outputs);
            json.member("exit_code", outcome.exit_code).end_object();
        }
        json.end_array();
        console_.out << json.end_object().take() << '\n' << std::flush;
    }

    const Arguments& arguments_;
    client::UploadSettings settings_;
    client::Surroundings around_;
    const client::Milliseconds begun_ = around_.timer.now();
    Console& console_;
    client::FileResumeStore store_;
};

}  // namespace

int upload_command(Words words, Console& console) {
    const auto arguments = parse_arguments(words, rules);
    if (!arguments) {
        return usage_error(console.err, arguments.error().text, "upload");
    }
    auto settings = read_settings(*arguments);
    if (!settings) {
        return usage_error(console.err, settings.error().text, "upload");
    }
    const auto connection = connect_to(*arguments, console);
    if (!connection) {
        print_failure(console.err, "upload", connection.error());
        return exit_code_of(connection.error().kind);
    }
    settings->server = connection->server;
    return UploadRun(*arguments, *settings, surroundings(console, *connection), console).run();
}

}  // namespace sluice::cli
