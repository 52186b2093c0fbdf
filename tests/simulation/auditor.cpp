// The end of a history: everything is brought to its end, and what is left is looked at.
#include <set>

#include "actors.hpp"
#include "service/fsck.hpp"

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;

// Brings every upload to its end in good weather, as a client could who asks and goes on from there.
class Auditor {
  public:
    explicit Auditor(World& world) : world_(world), caller_(world) {}

    void run() {
        while (world_.clients_done < world_.options.clients ||
               world_.streamers_done < world_.options.streamers) {
            world_.scheduler.sleep(500ms);
        }
        world_.gate.clear_up();
        world_.scheduler.forbid_crashes();
        world_.scheduler.wait_until_up();
        world_.checker.check_all();
        for (auto& [id, model] : world_.checker.models()) {
            complete(model);
        }
        complete_streams(world_);
        wait_for_jobs();
        for (auto& [id, model] : world_.checker.models()) {
            look_at(model);
        }
        let_time_end_it();
        world_.is_over = true;
    }

  private:
    bool is_live(const UploadModel& model) const {
        return !model.is_abandoned && !model.cancel.is_possible() &&
               (model.keep.acknowledged ||
                world_.clock.now() + std::chrono::hours(1) / 2 < model.expires_at);
    }

    // Whichever variant stands, one of those that were sent must be it.
    bool settle_segment(UploadModel& model, std::uint16_t index) {
        for (std::size_t variant = 0; variant < variant_count; ++variant) {
            const auto length = bytes_of(model.plan, index, variant).size();
            const bool was_sent = model.sent[index].at(variant).is_possible();
            if (variant > 0 && !was_sent) {
                continue;
            }
            const Answer answer = caller_.append(model, index, variant, {.promised = length});
            if (answer == Answer::yes) {
                return true;
            }
        }
        return false;
    }

    void complete(UploadModel& model) {
        if (model.one_shot || !is_live(model) || model.finalize.acknowledged) {
            return;
        }
        bool is_whole = true;
        for (std::uint16_t index = 0; index < model.plan.lengths.size(); ++index) {
            is_whole = settle_segment(model, index) && is_whole;
        }
        const bool has_room = world_.options.capacity.value == 1ULL << 40;
        // The first call may only find out that the bytes have to be compared with the disk.
        caller_.finalize(model);
        const Answer answer = caller_.finalize(model);
        if (has_room && is_whole && !world_.checker.is_suspect(model.id) &&
            model.is_surely_complete() && is_live(model) && answer != Answer::yes) {
            world_.checker.fail("a complete upload cannot be finalized: " + model.id.text());
        }
    }

    void wait_for_jobs() {
        for (int i = 0; i < 400; ++i) {
            const auto totals = world_.journal.rows().totals();
            if (totals->jobs_queued + totals->jobs_running == 0) {
                return;
            }
            world_.scheduler.sleep(3s);
        }
        world_.checker.fail("a job does not come to its end");
    }

    void look_at(UploadModel& model) {
        caller_.status(model);
        caller_.details(model);
        caller_.read_original(model);
        caller_.read_output(model);
        if (world_.random.one_in(2) && is_live(model)) {
            caller_.keep(model);
        }
    }

    // Time goes on until all that is not kept is over; a start after that leaves no byte of it.
    void let_time_end_it() {
        world_.clock.advance(world_.options.lifetime + 1min);
        sweep_all();
        if (!world_.has_crashed && !world_.gate.was_bad()) {
            world_.checker.check_nothing_is_left();
        }
        world_.clock.advance(2h);
        world_.restart();
        sweep_all();
        check_disk();
        world_.checker.check_all();
        for (const auto& [id, model] : world_.checker.models()) {
            const auto row = world_.journal.rows().find_any(id);
            if (row && !row->upload.is_over() && row->upload.expires_at != never) {
                world_.checker.fail("its time is over and it is still there: " + id.text());
            }
        }
        for (const auto& [id, model] : world_.checker.streams()) {
            const auto row = world_.journal.rows().find_any(id);
            if (row && row->upload.state == UploadState::open) {
                world_.checker.fail("a stream is open after its time: " + id.text());
            }
        }
        world_.checker.check_nothing_is_left();
    }

    // A kill may leave bytes that nobody names in packs, and nothing else; fsck gives them back.
    void check_disk() {
        // Before anything is mended.
        std::set<MediaId> doubted;
        for (const auto& [id, model] : world_.checker.models()) {
            if (world_.checker.is_doubted(id)) {
                doubted.insert(id);
            }
        }
        const auto tell = [this, &doubted](const FsckProblem& problem) {
            const bool is_orphan = problem.kind == "orphan_bytes" && problem.is_repaired;
            if (is_orphan) {
                world_.tally.saw(Seen::orphan_bytes_freed);
            } else if (world_.options.is_strict || !doubted.contains(problem.upload)) {
                world_.checker.fail("fsck: " + problem.kind + ": " + problem.facts);
            }
        };
        const auto checked = world_.ask([&](Process& process) {
            Fsck fsck(
                process.metadata,
                process.blobs,
                world_.clock.now(),
                {.is_wanted = true, .orphans_before = world_.clock.now() + 1min},
                tell
            );
            return fsck.run(
                [&](const Fsck::VisitFile& visit) { return process.blobs.each_file(visit); },
                [&](const Fsck::VisitPack& visit) { return process.blobs.each_pack(visit); }
            );
        });
        if (!checked || !*checked) {
            world_.checker.fail("fsck cannot look");
        }
    }

    void sweep_all() {
        for (int i = 0; i < 50; ++i) {
            const auto swept = world_.ask([](Process& process) { return process.uploads.sweep(); });
            if (swept && *swept && **swept == 0) {
                return;
            }
        }
        world_.checker.fail("the sweep never ends");
    }

    World& world_;
    Caller caller_;
};

}  // namespace

void run_auditor(World& world) {
    Auditor(world).run();
}

}  // namespace sluice::simulation
