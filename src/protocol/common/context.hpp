// What every protocol is given: the use cases, the threads for blocking work, and how errors are to
// sound. Outlives all endpoints; shared by all loops, so everything in it is immutable or guards
// itself.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "protocol/common/dev_environment.hpp"
#include "protocol/common/interim_rules.hpp"
#include "protocol/common/recent_inits.hpp"
#include "runtime/buffer_arena.hpp"
#include "runtime/run_blocking.hpp"
#include "service/annotations.hpp"
#include "service/faults.hpp"
#include "service/live_events.hpp"
#include "service/media_use.hpp"
#include "service/polling.hpp"
#include "service/rate_limiter.hpp"
#include "service/streams.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"

namespace sluice::protocol {

// helpful: every mistake gets its true cause. faithful: X's own status and text, with the truth in
// Sluice-Error.
enum class Fidelity : std::uint8_t { helpful, faithful };

class Recorder;
class UrlSigner;
class WorkClasses;

struct Context {
    Uploads& uploads;
    Annotations& annotations;
    MediaUse& media_use;
    runtime::BlockingPool& reads;   // for what only asks: no sync, no commit stands in its queue
    runtime::BlockingPool& pool;    // for small calls that change something
    runtime::BlockingPool& bulk;    // for the bytes of media
    runtime::BufferArena& buffers;  // for bodies on their way
    Fidelity fidelity = Fidelity::helpful;
    // How long FINALIZE of an image, and an image in one call, wait for the processing, so that the
    // answer is final (X answers images at once, and most clients never ask again). Beyond it:
    // processing_info, as for a video.
    std::chrono::milliseconds image_wait{8000};
    Streams* streams = nullptr;           // uploads that come as one stream
    Timeline* timeline = nullptr;         // what uploads remember
    Polling* polling = nullptr;           // how often STATUS is asked while processing runs
    const DevEnvironment* dev = nullptr;  // none: not a development server
    // How long FINALIZE waits for APPENDs that are still being received. Beyond it: append_in_flight.
    std::chrono::milliseconds append_wait{3000};
    RateLimiter* rates = nullptr;           // none: calls are not counted
    Faults* faults = nullptr;               // none: not in dev mode
    const UrlSigner* url_signer = nullptr;  // none: outputs are everybody's (open mode)
    Recorder* recorder = nullptr;           // none: exchanges are not kept
    // How long an APPEND waits for another one that is sending the same segment, so that the two can
    // be compared. Beyond it: segment_in_flight, if that one is alive.
    std::chrono::milliseconds same_segment_wait{1500};
    LiveEvents* live = nullptr;      // none: nobody watches
    WorkClasses* classes = nullptr;  // none: nothing is turned away for the load
    InterimRules rufh = {};
    ByteCount append_bytes_max = {};  // of one request of a resumable upload by HTTP; 0: any
    std::vector<std::string> cors_origins = {};  // whose pages may upload; empty: all
    // Files are fetched from the store of bytes itself, where it can be reached.
    bool redirects_to_storage = false;
    std::unique_ptr<RecentInits> recent_inits = std::make_unique<RecentInits>();
};

}  // namespace sluice::protocol
