#include "capacity/demands.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>
#include <vector>

#include "base/metrics.hpp"
#include "capacity/recording_blobs.hpp"
#include "service/jobs.hpp"
#include "service/uploads.hpp"
#include "store/memory/memory_attachment_store.hpp"

namespace sluice::capacity {
namespace {

template <class Answer>
void demand(const Answer& answer, const char* call) {
    if (!answer) {
        throw std::runtime_error(std::string(call) + " was refused: " + answer.error().detail);
    }
}

// With a file as a worker leaves it.
void see_job_through(Jobs& jobs, StoreCalls& calls, Demands& found) {
    auto job = jobs.claim("capacity", Lane::film);
    demand(job && *job ? ok() : Result<void>(Error{.detail = "no job"}), "a claim");
    found.claim = std::exchange(calls, {});
    demand(jobs.keep(**job), "a heartbeat");
    found.beat = std::exchange(calls, {});
    const auto folder =
        std::filesystem::temp_directory_path() / ("sluice-capacity-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::ofstream(folder / "640x360.mp4") << "film";
    const DoneReport report{
        .outputs =
            {{.name = "640x360.mp4",
              .content_type = "video/mp4",
              .size = {4},
              .width = 640,
              .height = 360}},
        .content = {"video/mp4", 640, 360},
    };
    const auto done = jobs.succeed(**job, folder.string(), report);
    std::filesystem::remove_all(folder);
    demand(done, "the end of a job");
    found.done = std::exchange(calls, {});
}

}  // namespace

Demands record_demands(std::uint16_t segments, std::uint64_t segment_bytes) {
    StoreCalls calls;
    ManualClock clock;
    RecordingMetadata metadata(calls);
    RecordingBlobs blobs(calls);
    MemoryAttachmentStore attachments;
    IdSource ids{clock, 0};
    SpeedLearner speed;
    Metrics metrics;
    Uploads uploads(
        {metadata, blobs, attachments, clock, ids, speed, metrics, [] {}}, UploadLimits{}
    );
    const Principal owner{"me"};
    Demands found;
    const auto created =
        uploads.create({owner, "tweet_video", "video/mp4", "", {segments * segment_bytes}});
    demand(created, "INIT");
    found.init = std::exchange(calls, {});
    for (std::uint16_t i = 0; i < segments; ++i) {
        const AppendTarget target{owner, created->id, {i}, ByteCount{segment_bytes}};
        auto incoming = uploads.begin_append(target);
        demand(incoming, "APPEND");
        const std::vector<std::byte> bytes(segment_bytes, std::byte(1 + i % 250));
        demand(incoming->write(bytes), "APPEND");
        demand(uploads.finish_append(target, std::move(*incoming)), "APPEND");
        found.append = std::exchange(calls, {});
    }
    // Refused with what is there and what is not, which is what whoever resumes wants to know.
    if (uploads.status(owner, created->id)) {
        throw std::runtime_error("STATUS of an open upload was not refused");
    }
    found.status_open = std::exchange(calls, {});
    demand(uploads.finish(owner, created->id), "FINALIZE");
    found.finalize = std::exchange(calls, {});
    demand(uploads.status(owner, created->id), "STATUS");
    found.status_queued = std::exchange(calls, {});
    Jobs jobs(metadata, blobs, clock, ids);
    see_job_through(jobs, calls, found);
    return found;
}

}  // namespace sluice::capacity
