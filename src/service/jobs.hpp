// The use cases of processing: take a job, tell how far it is, publish what it made, or say why
// not. Called by the pool's slots, each with a job of its own; the only place where stores and the
// transitions of a job meet. Blocking; thread-safe.
//
// Errors: store_conflict says that the lease was lost or the upload cancelled: stop the work and
// forget the job. Others are those of the stores.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"
#include "core/job.hpp"
#include "media/worker_protocol.hpp"
#include "service/faults.hpp"
#include "service/job_settings.hpp"
#include "store/blob_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

class Timeline;

// The reason of a try that ended because the store of the bytes is away.
constexpr const char* storage_away = "StorageUnavailable";

// What became of a try that did not succeed.
enum class GivenBack : std::uint8_t { will_be_tried_again, failed_for_good };

class Jobs {
  public:
    Jobs(
        MetadataStore& metadata,
        BlobStore& blobs,
        const Clock& clock,
        IdSource& ids,
        JobSettings settings = {},
        Faults* faults = nullptr,
        Timeline* timeline = nullptr
    );

    // Waits so long, and says whether there is time for another try; false: the server stops. What a
    // job has made is not thrown away while a store is away: its end is tried again for up to
    // `settings.finish_patience`. Without it there is no other try. Before any job.
    using Wait = std::function<bool(std::chrono::milliseconds)>;
    void wait_by(Wait wait) { wait_ = std::move(wait); }

    // The next job of the lane, its attempt counted durably; nothing if none may run now. A job whose
    // attempts were used up by servers that died, or whose content is set aside, is failed here and
    // not returned.
    Result<std::optional<LeasedJob>> claim(const std::string& holder, Lane lane);

    // The input as one local file; `scratch` is a path that does not exist yet. The lease is renewed as
    // long as it takes.
    Result<std::string> input_of(const LeasedJob& job, const std::string& scratch);

    // Renews the lease and stores the progress, which never falls. `remaining`: best estimate from
    // now on.
    Result<void> report(LeasedJob& job, const ProgressReport& progress);
    // Renews the lease with what is known.
    Result<void> keep(LeasedJob& job);

    // Takes over the files of `folder` as blobs that can be used from now on, though the job goes
    // on, beside what an earlier attempt published. On an error no blob stays.
    Result<void> publish_early(
        const LeasedJob& job, const std::string& folder, const std::vector<ProducedFile>& files
    );
    // Takes over the files of `folder` as blobs, then commits outputs (those that were published
    // early, unless a file has the name of one) and state in one. On an error no blob stays.
    Result<void> succeed(const LeasedJob& job, const std::string& folder, const DoneReport& report);

    // The medium is at fault: final.
    Result<void> fail(const LeasedJob& job, ProcessingFailure why);
    // Something else is at fault: back into the queue after a pause, or failed with `why` if this
    // was the last attempt. The reason WorkerCrashed counts as a crash, storage_away not until away_max.
    Result<GivenBack> give_back(const LeasedJob& job, ProcessingFailure why);
    // Nobody is at fault (the server stops): back into the queue at once, as if it had not begun.
    Result<void> release(const LeasedJob& job);

  private:
    // True: this job is not for a worker, look for the next.
    Result<bool> settled_unseen(const LeasedJob& job);
    // Why it is not to be tried at all.
    Result<std::optional<ProcessingFailure>> hopeless(const LeasedJob& job);
    // True: the job is not for the worker now.
    Result<bool> weathered(const LeasedJob& job);
    Result<void> beat(LeasedJob& job, Progress progress);
    // What is large takes a while to sync: the lease is renewed between the files, for as long as the
    // next one may take.
    Result<std::vector<Output>> publish(
        const LeasedJob& job, const std::string& folder, const std::vector<ProducedFile>& files
    );
    Result<void> stay_alive(const LeasedJob& job, ByteCount next, WallTime& beaten_at);
    // Until the store answers. `is_done`: looks whether a try whose outcome nobody knows took effect.
    Result<void> persist(
        const std::function<Result<void>()>& save, const std::function<Result<bool>()>& is_done
    );
    Result<std::vector<Output>> outputs_of(const LeasedJob& job);
    Result<void> finish(
        const LeasedJob& job, const Upload& upload, const std::vector<Output>& outputs
    );
    Result<AdoptedFile> adopt(
        const LeasedJob& job,
        const std::string& path,
        ByteCount size,
        WallTime& beaten_at,
        WallTime until
    );
    void forget(const std::vector<Output>& outputs);
    void forget(const std::vector<Extent>& extents);
    void forget_original(const LeasedJob& job);
    void forget_unless(const Result<void>& kept, const LeasedJob& job, std::vector<Output> outputs);
    void note(const LeasedJob& job, const char* step, std::string facts, std::string code = {});

    MetadataStore& metadata_;
    BlobStore& blobs_;
    const Clock& clock_;
    IdSource& ids_;
    const JobSettings settings_;
    Faults* const faults_;  // null: no bad weather on purpose
    Timeline* timeline_;    // what uploads remember; may be none
    Wait wait_ = [](std::chrono::milliseconds) { return false; };
};

}  // namespace sluice
