// WriteQueue: the one writer of the database. Callers from any thread hand in a piece of work and
// wait; whatever came during the last commit goes into the next transaction together, so one sync
// serves all who wait (group commit). A piece that fails is undone alone; want of room in the
// middle of its statement may end the transaction, and then all of it is refused. Nobody is answered before
// COMMIT returned.
//
// A failed COMMIT fails its whole batch. After an I/O error nobody knows what the disk holds, so
// the queue refuses all further work with the true cause (fail-stop); reads elsewhere go on, and a
// restart reads from the disk again. Want of room is no such error: the next work tries again, and of a
// batch for which there is none what has to survive a power loss in every mode is tried without the others: it ends
// uploads and jobs, and frees room.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/signal.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::sqlite {

// What a piece survives once it is answered.
enum class Survives : std::uint8_t {
    as_configured,  // power loss (strict), or a kill only
    power_loss,     // FINALIZE, DELETE, keep, the end of a job: whatever is configured
    kill,           // what may be lost (nonces, timelines): no sync of its own
};

class WriteQueue {
  public:
    using Work = std::function<Result<void>(Connection&)>;
    using MakeRoom = std::function<bool(bool is_vital)>;

    // `make_room`: see SqliteOptions; may be empty.
    WriteQueue(std::unique_ptr<Connection> connection, bool is_strict, MakeRoom make_room = {});
    WriteQueue(const WriteQueue&) = delete;
    WriteQueue& operator=(const WriteQueue&) = delete;
    // Does what is queued, then ends.
    ~WriteQueue();

    // Blocks until the work is durable or refused. The work must only touch the connection and what
    // its caller keeps alive; it may be run a second time after what it did was undone.
    Result<void> perform(const Work& work, Survives survives = Survives::as_configured);

    // Batches committed so far: less than the pieces of work, when they came together.
    std::uint64_t commits();
    // Why it refuses all work; nothing while it works.
    std::optional<Error> stopped();

  private:
    struct Piece {
        Piece(const Work& to_do, Survives what) : work(to_do), survives(what) {}
        const Work& work;
        const Survives survives;
        Result<void> outcome;
        Signal answered;
    };
    using Batch = std::vector<Piece*>;

    void run();
    Batch next_batch();
    void process(const Batch& batch);
    void process_vital(const Batch& batch, const Result<void>& full);
    bool is_full(const Result<void>& committed);
    void settle(const Batch& batch, const Result<void>& committed);
    Result<void> commit(const Batch& batch);
    void stop(const Error& cause);
    Result<void> run_all(const Batch& batch);
    Result<bool> run_together(const Batch& batch);
    Result<void> run_alone(Piece& piece);
    bool is_lost(const Piece& piece) const;
    Result<void> set_sync(bool is_full);
    void checkpoint();

    std::unique_ptr<Connection> connection_;  // the thread's alone
    const bool is_strict_;
    const MakeRoom make_room_;
    std::optional<bool> is_sync_full_;  // the thread's alone: what the connection is set to
    bool has_uncheckpointed_ = false;   // the thread's alone
    std::mutex mutex_;                  // guards the next six
    std::condition_variable arrived_;
    Batch waiting_;
    bool is_idle_ = false;
    bool is_ending_ = false;
    std::uint64_t commits_ = 0;
    std::optional<Error> stopped_;  // fail-stop; set once, by the thread
    std::thread thread_;            // last: it uses all above
};

}  // namespace sluice::sqlite
