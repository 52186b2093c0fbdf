// Checker: compares what the stores hold with what the clients were told. Always true: every byte
// that was acknowledged is there, whatever a row claims is there, nothing that was refused counts,
// FINALIZE and the end of a job happen once, time ends only what it may end, and in the end nothing
// is left of what is over. The first thing that is not so ends the history.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "gate.hpp"
#include "model.hpp"
#include "simulated_disk.hpp"
#include "simulated_metadata_store.hpp"
#include "stream_model.hpp"

namespace sluice::simulation {

class Checker final : public Witness {
  public:
    Checker(
        Journal& journal,
        SimulatedDisk& disk,
        const Clock& clock,
        Tally& tally,
        Quota quota,
        bool is_strict
    )
        : journal_(journal),
          disk_(disk),
          clock_(clock),
          tally_(tally),
          quota_(quota),
          is_strict_(is_strict) {}

    void on_violation(std::function<void()> stop) { stop_ = std::move(stop); }
    void fail(const std::string& what);
    const std::string& violation() const { return violation_; }

    UploadModel& add(UploadModel model);
    std::map<MediaId, UploadModel>& models() { return models_; }
    StreamModel& add(StreamModel model);
    std::map<MediaId, StreamModel>& streams() { return streams_; }
    // The bytes of a row, in their order; nothing: one of them cannot be read.
    std::optional<std::vector<std::byte>> content_of(MediaId id);
    // An INIT or a file in one call, of which nobody knows whether it was done.
    void nobody_knows() { ++unknown_creates_; }

    // A sync failed under it: it takes nothing more, and says so.
    bool is_suspect(MediaId id);
    // That, or it was not yet compared with the disk since the last unclean stop.
    bool is_doubted(MediaId id);

    // --- what must be true at any time ---
    void check(MediaId id);
    void check_all();
    // --- what must be true when everything has come to its end ---
    void check_nothing_is_left();

    // The loss of power under relaxed durability takes what FINALIZE had not made safe.
    void power_was_lost(bool is_strict);
    void process_died() { leases_.clear(); }

    void created(const Upload& upload, const CreateTerms& terms) override;
    void changed(const Upload& before, const Upload& after) override;
    void claimed(const LeasedJob& job, WallTime now, WallTime lease_until) override;
    void beat(JobId id, WallTime lease_until) override;
    void finished(JobId id, std::uint64_t fence, const Upload& upload) override;
    void released(JobId id) override;
    void dropped(const UploadWithSegments& before, const std::vector<SegmentIndex>&) override;

  private:
    struct Lease {
        std::uint64_t fence = 0;
        WallTime until;
    };

    std::optional<std::vector<std::byte>> bytes_at(const Extent& extent);
    void check_sums(const UploadWithSegments& row);
    void check_claims(const UploadWithSegments& row);
    void check_segments(const UploadModel& model, const UploadWithSegments& row);
    void check_state(UploadModel& model, const UploadWithSegments& row);
    void check_outputs(UploadModel& model, const UploadWithSegments& row);
    void check_job(const Upload& upload);
    std::set<MediaId> parts_joined();
    void check_stream(const StreamModel& model, const UploadWithSegments& row);
    void
    dropped_of(StreamModel& model, const UploadWithSegments& before, const std::vector<SegmentIndex>&);
    void check_packs(const std::vector<Extent>& named);
    std::string named(MediaId id) const;

    Journal& journal_;
    SimulatedDisk& disk_;
    const Clock& clock_;
    Tally& tally_;
    const Quota quota_;
    const bool is_strict_;
    std::function<void()> stop_;
    std::string violation_;
    std::map<MediaId, UploadModel> models_;
    std::map<MediaId, StreamModel> streams_;
    std::vector<MediaId> rows_;                                     // all that were ever created
    std::map<std::pair<std::string, std::string>, MediaId> keyed_;  // by owner and key
    std::map<MediaId, int> seals_;
    std::map<MediaId, int> ends_;
    std::uint64_t unknown_creates_ = 0;
    std::map<JobId, Lease> leases_;
};

}  // namespace sluice::simulation
