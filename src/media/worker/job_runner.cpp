#include "media/worker/job_runner.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <vector>

#include "base/log.hpp"
#include "base/unique_fd.hpp"
#include "media/boxes.hpp"
#include "media/cost_model.hpp"
#include "media/failure_rows.hpp"
#include "media/first_bytes.hpp"
#include "media/image_plan.hpp"
#include "media/picture_structure.hpp"
#include "media/probe_facts.hpp"
#include "media/progress_meter.hpp"
#include "media/sniff.hpp"
#include "media/worker/image_maker.hpp"
#include "media/worker/subtitle_maker.hpp"
#include "media/worker/task.hpp"
#include "media/worker/video_maker.hpp"
#include "media/worker/video_probe.hpp"
#include "media/x_limits.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;

// A 67 megapixel picture takes about 400 MiB.
constexpr TaskLimits image_limits{
    .memory_max = 1536_MiB, .file_bytes_max = 64_MiB, .cpu_max = 40s, .wall_max = 120s
};
constexpr TaskLimits text_limits{
    .memory_max = 256_MiB, .file_bytes_max = 16_MiB, .cpu_max = 10s, .wall_max = 60s
};

struct FirstLook {
    Container container = Container::unknown;
    std::string foreign;  // name of a format that nobody processes
    ByteCount size;
};

Processed<FirstLook> look_at(const std::string& path) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts{};
    std::array<std::byte, sniff_bytes_max> bytes{};
    const auto count = fd ? ::read(fd.get(), bytes.data(), bytes.size()) : -1;
    if (count < 0 || ::fstat(fd.get(), &facts) != 0) {
        return std::unexpected(internal_error("StorageError", "temporary problem, try again"));
    }
    const auto start = std::span(bytes).first(static_cast<std::size_t>(count));
    const auto foreign = foreign_format(start);
    return FirstLook{
        sniff(start),
        foreign ? std::string(foreign->name) : std::string(),
        {static_cast<std::uint64_t>(facts.st_size)},
    };
}

std::optional<ProcessingFailure> refuse_structure_of(
    const std::string& path, const FirstLook& look
) {
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::vector<std::byte> whole(look.size.value);  // bounded by the category's limit
    std::size_t got = 0;
    for (ssize_t count = 1; fd && got < whole.size() && count > 0;
         got += static_cast<std::size_t>(std::max<ssize_t>(count, 0))) {
        count = ::read(fd.get(), whole.data() + got, whole.size() - got);
    }
    return refuse_structure(look.container, std::span(whole).first(got));
}

// What cannot be read because bytes are missing: an MP4 says in its boxes which ones.
ProcessingFailure with_box_fault(
    ProcessingFailure failure, const std::string& path, const FirstLook& look
) {
    const bool is_unreadable =
        failure_row_of(failure.reason).code == ErrorCode::container_unreadable;
    const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (look.container != Container::mp4 || !is_unreadable || !fd) {
        return failure;
    }
    const auto read = [&fd](std::uint64_t offset, std::span<std::byte> into) -> std::size_t {
        const auto count = ::pread(fd.get(), into.data(), into.size(), static_cast<off_t>(offset));
        return count < 0 ? 0 : static_cast<std::size_t>(count);
    };
    const std::string fault = box_fault(look.size.value, read);
    if (!fault.empty()) {
        failure.message += "; " + fault + ". All " + std::to_string(look.size.value) +
                           " bytes that were announced arrived, so the file was like this before "
                           "it was uploaded";
    }
    return failure;
}

Milliseconds since(SteadyTime start) {
    return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - start);
}

// As displayed: a turned picture has its sides exchanged.
Content content_of(Container container, PixelSize size, bool is_turned) {
    return {
        .media_type = std::string(facts_of(container).media_type),
        .width = is_turned ? size.height : size.width,
        .height = is_turned ? size.width : size.height,
    };
}

Content content_of(const ImageProbe& probe) {
    auto content = content_of(probe.container, probe.picture, probe.orientation >= 5);
    content.conversions = conversions_of(probe.container);
    content.probed = probe_facts_of(probe);
    return content;
}

Content content_of(const VideoProbe& probe, Family family) {
    const bool is_turned = probe.picture->rotation % 180 != 0;
    Content content = content_of(probe.container, probe.picture->size, is_turned);
    content.conversions = family == Family::video ? conversions_of(probe) : "";
    content.probed = probe_facts_of(probe);
    return content;
}

// A job under way: what was ordered, since when, and to whom progress goes.
class Run {
  public:
    Run(const JobOrder& order, const WorkerTools& tools, const Send& send)
        : order_(order), tools_(tools), send_(send), rule_(rule_of(order.category)) {}

    WorkerReport whole() {
        auto look = look_at(order_.input);
        if (!look) {
            return failed(look.error());
        }
        if (auto refused = check_content(
                rule_, order_.declared_type, look->container, look->size, look->foreign
            )) {
            return failed(*refused);
        }
        if (rule_.family == Family::text) {
            return apart(text_limits, [](const Run& run) { return run.subtitles(); });
        }
        return rule_.family == Family::image
                   ? apart(image_limits, [&](const Run& run) { return run.image(*look); })
                   : video(*look);
    }

  private:
    // The rest of the job in a process of its own.
    template <class Part>
    WorkerReport apart(const TaskLimits& limits, Part part) const {
        const TaskRoom room{order_.input, order_.output_folder, limits, tools_.walls};
        const auto rest = [&](const Send& send) { return part(Run(order_, tools_, send)); };
        return report_of_task(room, order_.job, rest, send_);
    }

    WorkerReport subtitles() const {
        auto made = make_subtitles(order_.input, order_.output_folder);
        return made ? done({made->file}, wall_of(0.01, 1), std::move(made->content))
                    : failed(made.error());
    }

    WorkerReport image(const FirstLook& look) const {
        if (const auto refused = order_.as_x ? refusal_by_x(look.container) : std::nullopt) {
            return failed(*refused);
        }
        if (const auto refused = refuse_structure_of(order_.input, look)) {
            return failed(*refused);
        }
        const auto probe = probe_image(order_.input, look.container);
        if (!probe) {
            return failed(probe.error());
        }
        const auto plan = plan_image(rule_, *probe, order_.with_avif);
        if (!plan) {
            return failed(plan.error());
        }
        ProgressMeter meter(plan->steps, expected_wall(plan->cpu_seconds, 1), started_);
        meter.begin(StepKind::resize);
        tell(meter);
        const auto variants = plan->variants.size();
        const auto files = make_images(
            *plan,
            order_.input,
            look.container,
            order_.output_folder,
            [&](std::size_t made) {
                meter.measured(
                    Milliseconds{made}, Milliseconds{variants}, std::chrono::steady_clock::now()
                );
                tell(meter);
            }
        );
        return files ? done(*files, wall_of(plan->cpu_seconds, 1), content_of(*probe))
                     : failed(files.error());
    }

    WorkerReport video(const FirstLook& look) {
        // A long file takes a while to read; this says that somebody is at it.
        const auto at_it = [this] {
            send_(ProgressReport{.job = order_.job, .step = std::string(name_of(StepKind::probe))});
        };
        at_it();
        const auto probe = probe_video(order_.input, look.container, tools_.walls, at_it);
        if (!probe) {
            return failed(with_box_fault(probe.error(), order_.input, look));
        }
        if (const auto refused = refused_as_x(*probe)) {
            return failed(*refused);
        }
        return video(look, *probe, order_.may_copy ? Copies::allowed : Copies::never);
    }

    WorkerReport video(const FirstLook& look, const VideoProbe& probe, Copies copies) {
        const auto plan = plan_video(rule_, probe, copies);
        if (!plan) {
            return failed(with_box_fault(plan.error(), order_.input, look));
        }
        const auto expected = expected_wall(plan->cpu_seconds, order_.cores);
        ProgressMeter meter(plan->steps, expected, started_);
        const VideoWork work{
            .job = order_.job,
            .ffmpeg = tools_.ffmpeg,
            .input = order_.input,
            .output_folder = order_.output_folder,
            .container = look.container,
            .input_size = look.size,
            .codec = probe.picture->codec,
            .pictures = probe.picture->packets,
            .cores = order_.cores,
            .wall_max = wall_limit(expected, order_.speed_spread),
            .walls = tools_.walls,
        };
        const VideoListener listener{
            .on_step = [&](StepKind step, Milliseconds at) { follow(meter, *plan, step, at); },
            .on_playable = [&](const auto& files) { tell_playable(files); },
        };
        auto made = make_video(*plan, work, listener);
        if (made && made->copy_is_damaged) {
            published_.clear();  // all of it is made again, and takes its place
            return video(look, probe, Copies::never);
        }
        if (!made) {
            return failed(with_box_fault(made.error(), order_.input, look));
        }
        std::erase_if(made->files, [this](const ProducedFile& file) {
            return std::ranges::find(published_, file) != published_.end();
        });
        const auto predicted = wall_of(plan->cpu_seconds, order_.cores);
        return done(std::move(made->files), predicted, content_of(probe, rule_.family));
    }

    std::optional<ProcessingFailure> refused_as_x(const VideoProbe& probe) const {
        return order_.as_x && rule_.family == Family::video ? refusal_by_x(probe) : std::nullopt;
    }

    void follow(ProgressMeter& meter, const VideoPlan& plan, StepKind step, Milliseconds position) {
        if (meter.step() != step) {
            meter.begin(step);
        }
        if (position > 0ms) {
            meter.measured(position, plan.duration, std::chrono::steady_clock::now());
        }
        tell(meter);
    }

    void tell_playable(const std::vector<ProducedFile>& files) {
        if (!was_playable_) {
            was_playable_ = true;
            published_ = files;
            send_(PlayableReport{order_.job, files});
        }
    }

    Milliseconds expected_wall(double cpu_seconds, unsigned cores) const {
        const auto model = static_cast<double>(wall_of(cpu_seconds, cores).count());
        return Milliseconds{static_cast<std::int64_t>(model * order_.speed_factor)};
    }

    void tell(const ProgressMeter& meter) const {
        send_(ProgressReport{
            .job = order_.job,
            .percent = meter.percent(),
            .step = std::string(name_of(meter.step())),
            .remaining = meter.remaining(std::chrono::steady_clock::now()),
        });
    }

    WorkerReport done(std::vector<ProducedFile> files, Milliseconds predicted, Content content)
        const {
        return DoneReport{
            order_.job, std::move(files), predicted, since(started_), std::move(content)
        };
    }

    // Code 2 is never the medium's fault.
    WorkerReport failed(const ProcessingFailure& why) const {
        return FailedReport{order_.job, why, why.code == 2};
    }

    const JobOrder& order_;
    const WorkerTools& tools_;
    const Send& send_;
    const CategoryRule& rule_;
    bool was_playable_ = false;
    std::vector<ProducedFile> published_;  // not to be named again
    SteadyTime started_ = std::chrono::steady_clock::now();
};

}  // namespace

WorkerReport run_job(const JobOrder& order, const WorkerTools& tools, const Send& send) {
    return Run(order, tools, send).whole();
}

}  // namespace sluice
