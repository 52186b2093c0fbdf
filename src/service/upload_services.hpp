// What the use cases of an upload stand on. All of it outlives them.
#pragma once

#include <functional>
#include <memory>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "media/cost_model.hpp"
#include "service/job_ranks.hpp"
#include "service/queue_time.hpp"
#include "store/attachment_store.hpp"
#include "store/blob_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

class HotUploads;
struct HotOpen;
class Metrics;
class Doubts;
class Peers;
class Timeline;

struct UploadServices {
    MetadataStore& metadata;
    BlobStore& blobs;
    AttachmentStore& attachments;
    const Clock& clock;
    IdSource& ids;
    SpeedLearner& speed;
    Metrics& metrics;
    std::function<void()> job_added;  // a job waits: wakes the worker pool
    Timeline* timeline = nullptr;     // what uploads remember; none: refusals tell of now alone
    Doubts* doubts = nullptr;         // whose bytes are not to be believed; none: nobody's
    HotUploads* hot = nullptr;        // what STATUS tells at once; none: the store is always asked
    // The job of this upload is to be stopped, its upload is cancelled already; may be none.
    std::function<void(MediaId)> job_cancelled = {};
    // How many jobs run at once, on all nodes that work.
    std::function<LaneSlots()> slots = [] { return LaneSlots{}; };
    Peers* peers = nullptr;  // other nodes with the same uploads; none: this one is alone
    // Shared by the copies of this.
    std::shared_ptr<JobRanks> ranks = std::make_shared<JobRanks>();
};

}  // namespace sluice
