#include "capacity/demands.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include "base/metrics.hpp"
#include "capacity/recording_blobs.hpp"
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
    return found;
}

}  // namespace sluice::capacity
