// The fibers of a history: clients that upload and make mistakes, workers that process and fail, the
// sweep, and the auditor who at the end brings everything to its end and looks at what is left.
#pragma once

#include <cstddef>

#include "world.hpp"

namespace sluice::simulation {

void run_client(World& world);
// Uploads that come as one stream: appended to by several, taken over, joined.
void run_streamer(World& world);
// Each is brought to its end.
void complete_streams(World& world);
void run_worker(World& world, std::size_t number);
void run_sweeper(World& world);
// Compares with the disk what an unclean stop has left in doubt.
void run_doubter(World& world);
void run_auditor(World& world);

// What clients and the auditor share: one call each, judged by what is known.
class Caller {
  public:
    explicit Caller(World& world) : world_(world) {}

    // INIT, or a file in one call; under a key also once more, if no answer came.
    void create(const Principal& owner, bool is_whole);
    struct Manner {
        bool is_named = true;  // else the bytes come before it is known what for
        std::optional<std::uint64_t> promised;
        bool breaks_off = false;
        bool has_wrong_digest = false;
    };
    Answer append(UploadModel& model, std::uint16_t index, std::size_t variant, Manner manner);
    Answer finalize(UploadModel& model);
    void status(UploadModel& model);
    void details(UploadModel& model);
    Answer keep(UploadModel& model);
    Answer cancel(UploadModel& model);
    void list(const Principal& owner);
    void read_original(UploadModel& model);
    void read_output(UploadModel& model);
    void ask_as_stranger(UploadModel& model);

  private:
    // What was known of an upload before a call: an answer may not fall behind it.
    struct Before {
        bool is_complete = false;
        bool is_finalized = false;
        bool is_kept = false;
        bool is_cancelled = false;
    };
    Result<UploadStatus> status_of(Process& process, const UploadModel& model);
    Before of(const UploadModel& model);
    template <class T>
    Answer judge(const std::optional<Result<T>>& answer);
    void judge_refusal(
        const UploadModel& model, const Before& before, const Error& error, const char* call
    );
    bool is_common(const UploadModel& model, const Before& before, ErrorCode code) const;
    bool explains_append(
        const UploadModel& model,
        std::uint16_t index,
        const std::vector<std::byte>& bytes,
        ErrorCode code
    ) const;
    bool explains_create(ErrorCode code) const;
    void unexpected(const UploadModel& model, const Error& error, const char* call);
    Result<std::vector<std::byte>> read_file(
        Process& process, const UploadModel& model, const std::string& name
    );
    std::optional<std::vector<std::byte>> known_content(const UploadModel& model) const;
    UploadPlan new_plan(bool is_small);
    // A call that makes an upload; `key`: one of the world's.
    struct Creation {
        Principal owner;
        UploadPlan plan;
        bool is_whole = false;
        std::optional<std::size_t> key;
        std::size_t asked = 0;
    };
    Creation new_creation(const Principal& owner, bool is_whole);
    Result<Upload> ask_for(Process& process, const Creation& wanted, bool& is_repeat);
    Answer attempt(const Creation& wanted);
    void note_created(
        const Creation& wanted, const Upload& upload, std::optional<MediaId> known, bool is_repeat
    );
    void judge_not_created(
        const Creation& wanted, const Error& error, std::optional<MediaId> known
    );
    bool is_surely_there(std::optional<MediaId> id) const;

    World& world_;
};

template <class T>
Answer Caller::judge(const std::optional<Result<T>>& answer) {
    const bool is_open = !answer || (!*answer && answer->error().code == ErrorCode::storage_failed);
    const Answer outcome = is_open ? Answer::unknown : *answer ? Answer::yes : Answer::no;
    world_.scheduler.trace().add(static_cast<std::uint64_t>(outcome));
    if (answer && !*answer) {
        world_.scheduler.trace().add(static_cast<std::uint64_t>(answer->error().code));
    }
    return outcome;
}

}  // namespace sluice::simulation
