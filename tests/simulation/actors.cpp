#include "actors.hpp"

#include <algorithm>

namespace sluice::simulation {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// --- clients ---

class Client {
  public:
    explicit Client(World& world) : world_(world), caller_(world) {}

    void run() {
        for (std::size_t i = 0; i < world_.options.calls_each; ++i) {
            think();
            call();
        }
    }

  private:
    Random& random() { return world_.random; }

    void think() {
        const bool is_long = random().one_in(world_.options.is_crowded ? 40 : 12);
        const bool is_hasty = world_.options.is_crowded || random().one_in(2);
        world_.scheduler.sleep(milliseconds(random().below(is_long ? 40'000 : is_hasty ? 2 : 60)));
    }

    // Clients share their uploads, so that calls about one of them meet.
    UploadModel* some_upload() {
        auto& models = world_.checker.models();
        if (models.empty()) {
            return nullptr;
        }
        // The newer, the likelier.
        const std::size_t span = world_.options.is_crowded ? 1 : 3;
        const std::uint64_t back = random().below(std::min(models.size(), span));
        return &std::prev(models.end(), static_cast<std::ptrdiff_t>(back) + 1)->second;
    }

    void call() {
        UploadModel* upload = some_upload();
        const Principal owner{random().one_in(4) ? "bob" : "ann"};
        if (upload == nullptr || random().one_in(10)) {
            caller_.create(owner, random().one_in(4));
            return;
        }
        call_about(*upload);
    }

    void call_about(UploadModel& upload) {
        const std::uint64_t what = random().below(100);
        if (what < 50) {
            append(upload);
        } else if (what < 66) {
            again_if_lost(caller_.finalize(upload), [&] { caller_.finalize(upload); });
        } else if (what < 76) {
            caller_.status(upload);
        } else if (what < 81) {
            caller_.details(upload);
        } else if (what < 84) {
            again_if_lost(caller_.keep(upload), [&] { caller_.keep(upload); });
        } else if (what < 87) {
            again_if_lost(caller_.cancel(upload), [&] { caller_.cancel(upload); });
        } else if (what < 90) {
            caller_.list(upload.owner);
        } else if (what < 95) {
            caller_.read_original(upload);
        } else if (what < 97) {
            caller_.read_output(upload);
        } else {
            caller_.ask_as_stranger(upload);
        }
    }

    // Without an answer, or with one that was lost on the way, a client asks again.
    template <class F>
    void again_if_lost(Answer answer, F again) {
        const bool is_lost = random().one_in(10);
        if (is_lost) {
            world_.tally.saw(Seen::answer_lost);
        }
        if (is_lost || answer == Answer::unknown) {
            again();
        }
    }

    std::uint16_t some_index(const UploadModel& upload) {
        const std::size_t count = upload.plan.lengths.size();
        if (random().one_in(30)) {
            return static_cast<std::uint16_t>(count);  // one too many
        }
        for (std::uint16_t index = 0; index < count; ++index) {
            if (!upload.acknowledged_variant(index) && !random().one_in(3)) {
                return index;
            }
        }
        return static_cast<std::uint16_t>(random().below(count));
    }

    Caller::Manner some_manner(std::uint64_t length) {
        Caller::Manner manner{.promised = length};
        const std::uint64_t what = random().below(20);
        if (what == 0) {
            manner.promised.reset();
        } else if (what == 1) {
            manner.promised = length + random().below(40);
        } else if (what == 2) {
            manner.promised = length - random().below(length);
        } else if (what == 3) {
            manner.is_named = false;
        } else if (what == 4) {
            manner.breaks_off = true;
        } else if (what == 5) {
            manner.has_wrong_digest = true;
        }
        return manner;
    }

    void append(UploadModel& upload) {
        const std::uint16_t index = some_index(upload);
        const std::size_t variant = random().one_in(8) ? random().between(1, 3) : 0;
        const auto length = bytes_of(upload.plan, index, variant).size();
        const Caller::Manner manner = some_manner(length);
        const Answer answer = caller_.append(upload, index, variant, manner);
        const Caller::Manner plain{.promised = length};
        again_if_lost(answer, [&] { caller_.append(upload, index, variant, plain); });
    }

    World& world_;
    Caller caller_;
};

// --- workers ---

// What one slot does with one job; the pauses are long enough now and then to lose the lease.
class Slot {
  public:
    Slot(World& world, Process& process, std::size_t number)
        : world_(world), process_(process), folder_("out" + std::to_string(number)) {}

    void work() {
        auto job = process_.jobs.claim("local", Lane::film);
        if (job && !*job) {
            job = process_.jobs.claim("local", Lane::quick);
        }
        if (!job || !*job) {
            expect_known(job, "claim");
            return;
        }
        auto input = process_.jobs.input_of(**job, folder_ + "/input");
        if (!input) {
            const auto given = process_.jobs.give_back(**job, crash());
            expect_known(given, "give_back");
            return;
        }
        const std::vector<std::byte> content = world_.disk.local()[*input];
        if (report(**job)) {
            const bool is_slow = world_.random.one_in(6);
            world_.scheduler.sleep(milliseconds(world_.random.below(is_slow ? 70'000 : 3'000)));
            end(**job, content);
        }
    }

  private:
    static ProcessingFailure crash() {
        return {2, "InternalError", "WorkerCrashed", "processing failed"};
    }
    static ProcessingFailure truncated() {
        return {1, "InvalidMedia", "Truncated", "the file ends too early"};
    }

    bool report(LeasedJob& job) {
        const std::uint64_t beats = world_.random.below(3);
        for (std::uint64_t i = 0; i < beats; ++i) {
            const bool is_slow = world_.random.one_in(6);
            world_.scheduler.sleep(milliseconds(world_.random.below(is_slow ? 70'000 : 3'000)));
            const int percent = static_cast<int>(world_.random.below(100));
            const auto told = process_.jobs.report(job, {job.id, percent, "encode", 1s});
            if (!told) {
                expect_known(told, "report");
                return false;
            }
        }
        return true;
    }

    void end(LeasedJob& job, const std::vector<std::byte>& input) {
        const bool is_early = world_.random.one_in(2);
        if (is_early && !publish_poster(job, input)) {
            return;
        }
        const std::uint64_t what = world_.random.below(20);
        if (what < 14) {
            succeed(job, input, is_early);
        } else if (what < 16) {
            saw_if(process_.jobs.fail(job, truncated()), Seen::job_failed, "fail");
        } else if (what < 17) {
            saw_if(process_.jobs.release(job), Seen::job_released, "release");
        } else if (what < 19) {
            saw_if(process_.jobs.give_back(job, crash()), Seen::job_given_back, "give_back");
        } else {
            world_.tally.saw(Seen::job_gave_up);  // it dies; its lease runs out
        }
    }

    ProducedFile made(const char* name, const std::vector<std::byte>& input, std::size_t which) {
        world_.disk.local()[folder_ + "/" + name] = output_of(input, which);
        return {.name = name, .content_type = "video/mp4", .size = {input.size() + 1}};
    }

    bool publish_poster(LeasedJob& job, const std::vector<std::byte>& input) {
        const auto early = process_.jobs.publish_early(job, folder_, {made(poster_name, input, 1)});
        saw_if(early, Seen::job_playable, "publish_early");
        world_.scheduler.sleep(milliseconds(world_.random.below(3'000)));
        return early.has_value();
    }

    // Both at the end; or the poster before, which is then not named again, or made anew.
    void succeed(LeasedJob& job, const std::vector<std::byte>& input, bool is_poster_out) {
        std::vector<ProducedFile> files{made(video_name, input, 0)};
        if (!is_poster_out || world_.random.one_in(2)) {
            files.push_back(made(poster_name, input, 1));
        }
        const DoneReport report{
            .job = job.id,
            .outputs = std::move(files),
            .content = {"video/mp4", 64, 36},
        };
        saw_if(process_.jobs.succeed(job, folder_, report), Seen::job_succeeded, "succeed");
    }

    template <class T>
    void saw_if(const Result<T>& done, Seen what, const char* call) {
        if (done) {
            world_.tally.saw(what);
        }
        expect_known(done, call);
    }

    // A lease that was lost, or bad weather; nothing else may go wrong.
    template <class T>
    void expect_known(const Result<T>& done, const char* call) {
        if (done) {
            return;
        }
        const ErrorCode code = done.error().code;
        if (code == ErrorCode::store_conflict) {
            world_.tally.saw(Seen::lease_lost);
            return;
        }
        const bool is_weather =
            world_.gate.was_bad() || world_.options.capacity.value < (1ULL << 40);
        if (!is_weather || (code != ErrorCode::storage_failed && code != ErrorCode::storage_full)) {
            world_.checker.fail(std::string(call) + " failed: " + done.error().detail);
        }
    }

    World& world_;
    Process& process_;
    const std::string folder_;
};

}  // namespace

void run_client(World& world) {
    Client(world).run();
    ++world.clients_done;
}

void run_worker(World& world, std::size_t number) {
    for (;;) {
        world.scheduler.sleep(milliseconds(world.random.between(20, 6000)));
        static_cast<void>(world.ask([&](Process& process) {
            Slot(world, process, number).work();
            return true;
        }));
    }
}

void run_sweeper(World& world) {
    for (;;) {
        world.scheduler.sleep(10s);
        static_cast<void>(world.ask([](Process& process) {
            static_cast<void>(process.timeline.flush().has_value());
            process.sweep_packs();
            return process.uploads.sweep().has_value();
        }));
    }
}

void run_doubter(World& world) {
    for (;;) {
        world.scheduler.sleep(milliseconds(world.random.between(50, 2000)));
        const auto checked =
            world.ask([](Process& process) { return process.doubts.check_next(2); });
        if (checked && *checked && **checked > 0) {
            world.tally.saw(Seen::upload_checked);
        }
    }
}

}  // namespace sluice::simulation
