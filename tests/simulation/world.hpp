// World: everything of one history. What survives a crash (disk, journal, clock, what the clients
// know) stands beside the process, which is thrown away and built anew.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/metrics.hpp"
#include "checker.hpp"
#include "gate.hpp"
#include "media/cost_model.hpp"
#include "scheduler.hpp"
#include "service/doubts.hpp"
#include "service/jobs.hpp"
#include "service/streams.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"
#include "simulated_blob_store.hpp"
#include "simulated_disk.hpp"
#include "simulated_metadata_store.hpp"
#include "store/hot/hot_uploads.hpp"
#include "store/hot/watched_metadata_store.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_timeline_store.hpp"

namespace sluice::simulation {

struct HistoryOptions {
    std::uint64_t seed = 1;
    bool is_strict = true;
    bool loses_power = true;  // else a crash is a kill
    CrashPlan crashes;
    FaultPlan faults;
    ByteCount capacity{1ULL << 40};
    std::chrono::seconds lifetime{3600};
    Quota quota;
    ByteCount packed_max;     // 0: nothing lies in packs
    bool has_keys = false;    // some calls come under an Idempotency-Key
    bool is_crowded = false;  // all calls are about one upload, and meet
    std::size_t clients = 3;
    std::size_t calls_each = 14;
    std::size_t streamers = 0;  // clients of uploads that come as one stream
    Mutant mutant = Mutant::none;
};

// Drawn from the seed: what kind of history it is.
HistoryOptions options_of(std::uint64_t seed);

class World;

// What one process of the server consists of, wired as server/wiring.cpp does it.
class Process {
  public:
    explicit Process(World& world);
    // What a start does before it opens its doors.
    Result<void> recover(bool has_lost_power);
    // As the server's sweeper does from time to time.
    void sweep_packs();

    SimulatedBlobStore blobs;
    SimulatedMetadataStore rows;
    HotUploads hot;
    WatchedMetadataStore metadata;
    IdSource ids;
    SpeedLearner speed;
    Metrics metrics;
    MemoryTimelineStore events;
    Timeline timeline;
    Doubts doubts;
    Jobs jobs;
    Uploads uploads;
    Streams streams;

  private:
    UploadServices services(World& world);
    std::function<bool(BlobId)> is_known();

    const Clock& clock_;
    const bool is_strict_;
};

class World {
  public:
    World(const HistoryOptions& options, Tally& tally);

    // Enters the process that runs now; nothing if it died meanwhile.
    template <class F>
    auto ask(F work) -> std::optional<std::invoke_result_t<F, Process&>> {
        scheduler.wait_until_up();
        std::optional<std::invoke_result_t<F, Process&>> answer;
        if (!scheduler.inside([&] { answer.emplace(work(*process)); })) {
            answer.reset();
        }
        return answer;
    }

    // The first start, and every one after a crash.
    void boot();
    void crashed();
    // A stop without harm and a start; from outside of the process.
    void restart();

    const HistoryOptions options;
    Tally& tally;
    Random random;
    ManualClock clock;
    Scheduler scheduler;
    Gate gate;
    SimulatedDisk disk;
    Journal journal;
    MemoryAttachmentStore attachments;
    Checker checker;
    std::unique_ptr<Process> process;
    std::uint64_t next_key = 1;
    std::vector<KeyModel> keys;
    std::size_t clients_done = 0;
    std::size_t streamers_done = 0;
    bool has_crashed = false;
    bool is_over = false;

  private:
    void start();
    bool is_restart_ = false;
    // What RunMark would say: the machine stopped under the server that ran last.
    bool has_lost_power_ = false;
};

}  // namespace sluice::simulation
