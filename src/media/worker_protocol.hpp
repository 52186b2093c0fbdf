// What supervisor and worker say to each other: one JSON object per line, orders on the worker's
// stdin, reports on its stdout. Both sides distrust the other: decoding is strict (unknown types,
// missing or extra-long members are refused), and a worker that has decoded a hostile file may say
// anything. Values and pure functions; any thread.
//
//   order   job                one at a time; the next only after done or failed
//   report  hello              once, after the start
//           progress           at least once a second while something is measured
//           playable           at most once: some of the files of done, in advance
//           done | failed      exactly one of them ends a job
//
// Errors of decoding: internal, with the reason in `detail`.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "core/category.hpp"
#include "core/output.hpp"
#include "core/upload.hpp"

namespace sluice {

// Longer lines are refused; the supervisor replaces a worker that writes one.
inline constexpr std::size_t worker_line_max = 64 * 1024;

// Arguments of the worker program: no walls around its decoders; no jobs, but a try of the walls, with
// a file that must not be readable.
inline constexpr std::string_view sandbox_off_argument = "--sandbox=off";
inline constexpr std::string_view self_test_argument = "--self-test";
inline constexpr std::string_view versions_argument = "--versions";

struct JobOrder {
    JobId job;
    MediaId media;
    Category category = Category::tweet_image;
    std::string declared_type;  // may be empty
    std::string input;          // the one file to read
    std::string output_folder;  // exists, empty; the one place to write
    unsigned cores = 1;
    double speed_factor = 1;  // learned: observed / predicted of plans
    double speed_spread = 1.8;
    bool as_x = false;       // what X does not take is refused and not converted
    bool may_copy = true;    // packets of the source may be published as they are
    bool with_avif = false;  // of a picture, beside the other formats
    bool operator==(const JobOrder&) const = default;
};

struct WorkerHello {
    std::uint64_t pid = 0;
    std::string version;
    bool operator==(const WorkerHello&) const = default;
};

struct ProgressReport {
    JobId job;
    int percent = 0;  // 0..99
    std::string step;
    std::chrono::milliseconds remaining{0};
    bool operator==(const ProgressReport&) const = default;
};

// A file in the output folder, finished and verified.
struct ProducedFile {
    std::string name;  // [a-z0-9_.-]+, without a leading dot
    std::string content_type;
    ByteCount size;
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    std::uint64_t duration_ms = 0;
    OutputRole role = OutputRole::rendition;
    bool is_copied = false;     // the source's own packets, not encoded again
    std::string placeholder{};  // ThumbHash in base64, of a picture that stands for the whole
    bool operator==(const ProducedFile&) const = default;
};

// These can be played already, while the rest is still made. At most once in a job; the files leave
// the output folder.
struct PlayableReport {
    JobId job;
    std::vector<ProducedFile> outputs;
    bool operator==(const PlayableReport&) const = default;
};

struct DoneReport {
    JobId job;
    std::vector<ProducedFile> outputs;  // beside those that were playable; a name again replaces
    std::chrono::milliseconds predicted{0};  // by the plan, without the learned factor
    std::chrono::milliseconds spent{0};
    Content content;  // of the input, as the probe saw it
    bool operator==(const DoneReport&) const = default;
};

struct FailedReport {
    JobId job;
    ProcessingFailure failure;
    bool may_retry = false;  // not the medium's fault
    bool operator==(const FailedReport&) const = default;
};

using WorkerReport =
    std::variant<WorkerHello, ProgressReport, PlayableReport, DoneReport, FailedReport>;

// One line with its '\n'.
std::string encode(const JobOrder& order);
std::string encode(const WorkerReport& report);

// `line` without its '\n'.
Result<JobOrder> decode_order(std::string_view line);
Result<WorkerReport> decode_report(std::string_view line);

}  // namespace sluice
