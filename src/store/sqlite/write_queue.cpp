#include "store/sqlite/write_queue.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/clock.hpp"
#include "base/log.hpp"

namespace sluice::sqlite {
namespace {

// No work for this long: write the log back into the database now, so that no COMMIT pays for it.
constexpr std::chrono::milliseconds idle_before_checkpoint{250};

Result<void> plain(Result<std::int64_t> result) {
    return result ? ok() : Result<void>(std::move(result).error());
}

}  // namespace

WriteQueue::WriteQueue(std::unique_ptr<Connection> connection, bool is_strict, MakeRoom make_room)
    : connection_(std::move(connection)),
      is_strict_(is_strict),
      make_room_(std::move(make_room)),
      thread_([this] { run(); }) {}

WriteQueue::~WriteQueue() {
    {
        const std::scoped_lock lock(mutex_);
        is_ending_ = true;
    }
    arrived_.notify_one();
    thread_.join();
}

// The piece lives here, on the stack of the one who waits for it.
Result<void> WriteQueue::perform(const Work& work, Survives survives) {
    Piece piece(work, survives);
    bool needs_waking = false;
    {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(&piece);
        // While a batch is under way the thread looks again by itself.
        needs_waking = waiting_.size() == 1 && is_idle_;
    }
    if (needs_waking) {
        arrived_.notify_one();
    }
    piece.answered.wait();
    return std::move(piece.outcome);
}

std::uint64_t WriteQueue::commits() {
    const std::scoped_lock lock(mutex_);
    return commits_;
}

void WriteQueue::run() {
    while (true) {
        const Batch batch = next_batch();
        if (batch.empty()) {
            return;
        }
        process(batch);
        // As soon as its signal is given, a piece may be gone.
        std::vector<Signal*> answers;
        answers.reserve(batch.size());
        for (Piece* piece : batch) {
            answers.push_back(&piece->answered);
        }
        Signal::give_all(answers);
    }
}

// Empty: the end.
WriteQueue::Batch WriteQueue::next_batch() {
    std::unique_lock lock(mutex_);
    const auto has_work = [this] { return !waiting_.empty() || is_ending_; };
    is_idle_ = true;
    if (!arrived_.wait_for(lock, idle_before_checkpoint, has_work)) {
        lock.unlock();
        checkpoint();
        lock.lock();
        arrived_.wait(lock, has_work);
    }
    is_idle_ = false;
    return std::exchange(waiting_, {});
}

void WriteQueue::process(const Batch& batch) {
    const auto cause = stopped();
    auto committed = cause ? Result<void>(*cause) : commit(batch);
    if (is_full(committed) && make_room_ && make_room_(false)) {
        committed = commit(batch);
    }
    if (is_full(committed)) {
        process_vital(batch, committed);
    } else {
        settle(batch, committed);
    }
}

// Small writes must not use up what is kept for the end of uploads, and for what frees room.
void WriteQueue::process_vital(const Batch& batch, const Result<void>& full) {
    Batch vital;
    Batch others;
    for (Piece* piece : batch) {
        (piece->survives == Survives::power_loss ? vital : others).push_back(piece);
    }
    settle(others, full);
    if (vital.empty()) {
        return;
    }
    auto committed = others.empty() ? full : commit(vital);
    if (is_full(committed) && make_room_ && make_room_(true)) {
        committed = commit(vital);
    }
    settle(vital, committed);
}

bool WriteQueue::is_full(const Result<void>& committed) {
    return !committed && committed.error().code == ErrorCode::storage_full && !stopped();
}

void WriteQueue::settle(const Batch& batch, const Result<void>& committed) {
    if (committed) {
        const std::scoped_lock lock(mutex_);
        ++commits_;
        has_uncheckpointed_ = true;
        return;
    }
    for (Piece* piece : batch) {
        piece->outcome = committed;
    }
}

// All pieces in one transaction, without COMMIT. Most succeed, or fail before they changed anything:
// a savepoint for each would only cost. If one has to be undone, all begin again, each alone in a
// savepoint.
Result<void> WriteQueue::run_all(const Batch& batch) {
    if (auto begun = plain(connection_->execute("BEGIN IMMEDIATE")); !begun) {
        return begun;
    }
    auto needs_undo = run_together(batch);
    if (!needs_undo) {
        return std::move(needs_undo).error();
    }
    if (!*needs_undo) {
        return ok();
    }
    if (auto undone = plain(connection_->execute("ROLLBACK")); !undone) {
        return undone;
    }
    auto done = plain(connection_->execute("BEGIN IMMEDIATE"));
    for (auto piece = batch.begin(); done && piece != batch.end(); ++piece) {
        done = run_alone(**piece);
    }
    return done;
}

// True: a piece failed after it had changed something. An Error here is one of the whole batch.
Result<bool> WriteQueue::run_together(const Batch& batch) {
    for (Piece* piece : batch) {
        const auto before = connection_->changes();
        piece->outcome = piece->work(*connection_);
        if (is_lost(*piece)) {
            return piece->outcome.error();
        }
        // A statement that fails in its trigger may have changed a row and not count it.
        if (!piece->outcome && (connection_->changes() != before ||
                                piece->outcome.error().code == ErrorCode::storage_failed)) {
            return true;
        }
    }
    return false;
}

// The transaction is gone, or nobody can tell.
bool WriteQueue::is_lost(const Piece& piece) const {
    const bool is_usual = piece.outcome ||
                          piece.outcome.error().code == ErrorCode::store_conflict ||
                          piece.outcome.error().code == ErrorCode::store_not_found;
    return !is_usual && (connection_->is_outside_transaction() || connection_->has_lost_trust());
}

// Any Error: nothing of the batch has happened, or nobody knows.
Result<void> WriteQueue::commit(const Batch& batch) {
    const bool needs_sync = std::ranges::any_of(batch, [this](const Piece* piece) {
        return piece->survives == Survives::power_loss ||
               (is_strict_ && piece->survives == Survives::as_configured);
    });
    Result<void> done = set_sync(needs_sync);
    if (done) {
        done = run_all(batch);
    }
    if (done) {
        done = plain(connection_->execute("COMMIT"));
    }
    if (done) {
        return ok();
    }
    if (!connection_->is_outside_transaction()) {
        static_cast<void>(connection_->execute("ROLLBACK"));
    }
    // A transaction that cannot even be rolled back would swallow every later one.
    if (connection_->has_lost_trust() || !connection_->is_outside_transaction()) {
        stop(done.error());
    }
    return done;
}

void WriteQueue::stop(const Error& cause) {
    log::error("store_stopped", "I/O error; writes are refused", {{"detail", cause.detail}});
    const std::scoped_lock lock(mutex_);
    stopped_ = cause;
    stopped_->facts = "Nothing is written since " + rfc3339(SystemClock().now()) +
                      ", when the database could not be written" +
                      (cause.facts.empty() ? "." : ": " + cause.facts) +
                      " What was acknowledged is kept; reads go on.";
}

std::optional<Error> WriteQueue::stopped() {
    const std::scoped_lock lock(mutex_);
    return stopped_;
}

// One that is synced takes with it all that was committed before.
Result<void> WriteQueue::set_sync(bool is_full) {
    if (is_full == is_sync_full_) {
        return ok();
    }
    auto done =
        connection_->script(is_full ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
    is_sync_full_ = done ? std::optional(is_full) : std::nullopt;
    return done;
}

// An Error here is one of the whole batch; the piece's own is its outcome.
Result<void> WriteQueue::run_alone(Piece& piece) {
    if (auto begun = connection_->execute("SAVEPOINT piece"); !begun) {
        return std::move(begun).error();
    }
    piece.outcome = piece.work(*connection_);
    if (is_lost(piece)) {
        return piece.outcome;
    }
    if (!piece.outcome) {
        if (auto undone = connection_->execute("ROLLBACK TO piece"); !undone) {
            return std::move(undone).error();
        }
    }
    return plain(connection_->execute("RELEASE piece"));
}

void WriteQueue::checkpoint() {
    if (!stopped() && std::exchange(has_uncheckpointed_, false)) {
        // Failing is no harm: the log keeps what it holds, and COMMIT will meet the error if it
        // stays.
        static_cast<void>(connection_->script("PRAGMA wal_checkpoint(PASSIVE)"));
    }
}

}  // namespace sluice::sqlite
