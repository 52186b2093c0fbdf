#include "store/postgres/postgres_database.hpp"

#include <algorithm>
#include <random>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/signal.hpp"
#include "store/postgres/migrations.hpp"

namespace sluice {

using postgres::Failure;
using postgres::Rows;

namespace {

constexpr int tries_max = 6;
// Between two looks whether the database is back.
constexpr std::chrono::milliseconds pause{250};

constexpr char snapshot_sql[] = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr char relaxed_sql[] = "SET LOCAL synchronous_commit = off";
constexpr char version_table_sql[] =
    "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
    "SELECT pg_advisory_xact_lock(7742116301);"  // one migrates, the others wait
    "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL); COMMIT";
constexpr char version_sql[] = "SELECT coalesce(max(version), 0) FROM schema_version";
constexpr char encoding_sql[] = "SELECT current_setting('server_encoding')";

// Of a transaction that met another's: so that the two do not meet again.
void wait_a_little(int tries) {
    static thread_local std::minstd_rand random{std::random_device{}()};
    const int longest = 5 << std::min(tries, 6);
    std::this_thread::sleep_for(
        std::chrono::milliseconds(std::uniform_int_distribution<int>(1, longest)(random))
    );
}

std::string migration_text(std::size_t version, const char* sql) {
    const std::string before = std::to_string(version - 1);
    // Whoever waited for the lock finds the version moved, and leaves it at that.
    return "BEGIN; SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; "
           "SELECT pg_advisory_xact_lock(7742116301); "
           "DO $version$ BEGIN IF (SELECT coalesce(max(version), 0) FROM schema_version) <> " +
           before + " THEN RAISE EXCEPTION 'moved'; END IF; END $version$;" + sql +
           "; DELETE FROM schema_version; INSERT INTO schema_version VALUES (" +
           std::to_string(version) + "); COMMIT";
}

Error too_new(std::size_t version) {
    return {
        .code = ErrorCode::storage_failed,
        .facts = "The database was written by a newer version of Sluice: its schema is " +
                 std::to_string(version) + ", this program knows up to " +
                 std::to_string(postgres::migrations().size()) + ".",
    };
}

Error all_busy(std::size_t connections) {
    return {
        .code = ErrorCode::database_unavailable,
        .facts = "All " + std::to_string(connections) + " connections to the database are busy.",
        .retry_after = std::chrono::seconds(2),
    };
}

// What it returns counts only if the session has no failure.
Result<void> transact(
    postgres::Session& session, const PostgresDatabase::Work& work, PostgresDatabase::Survives what
) {
    session.begin();
    if (what == PostgresDatabase::Survives::kill) {
        session.send(relaxed_sql);
    }
    Result<void> done = work(session);
    if (done && !session.failure()) {
        session.commit();
    }
    session.roll_back();
    return done;
}

}  // namespace

PostgresDatabase::Lease::Lease(
    PostgresDatabase& of, std::unique_ptr<Session> session, bool is_fresh
)
    : of_(of), session_(std::move(session)), is_fresh_(is_fresh) {}

PostgresDatabase::Lease::~Lease() {
    if (session_) {
        of_.give_back(std::move(session_));
    }
}

PostgresDatabase::PostgresDatabase(std::string url, PostgresOptions options)
    : url_(std::move(url)), options_(options) {}

Result<std::shared_ptr<PostgresDatabase>> PostgresDatabase::open(
    const std::string& url, PostgresOptions options
) {
    auto database = std::make_shared<PostgresDatabase>(url, options);
    auto lease = database->borrow();
    if (!lease) {
        Error error = std::move(lease).error();
        error.facts += " " + error.detail;  // for who starts the server: the true cause
        return error;
    }
    if (auto migrated = database->migrate(**lease); !migrated) {
        return std::move(migrated).error();
    }
    return database;
}

Result<void> PostgresDatabase::migrate(Session& session) {
    session.begin();
    const Rows encoding = session.query(encoding_sql);
    session.commit();
    if (!session.failure() && encoding.front().text(0) != "UTF8") {
        return Error{
            .code = ErrorCode::storage_failed,
            .facts = "The database's encoding is " + encoding.front().text(0) +
                     "; Sluice needs one made with ENCODING 'UTF8'.",
        };
    }
    if (auto failed = session.script(version_table_sql)) {
        return postgres::error_from(*failed);
    }
    const auto all = postgres::migrations();
    while (true) {
        const Rows found = session.query(version_sql);
        if (session.failure()) {
            return postgres::error_from(*session.failure());
        }
        const std::size_t version = found.front().number(0);
        if (version > all.size()) {
            return too_new(version);
        }
        if (version == all.size()) {
            return ok();
        }
        const auto failed = session.script(migration_text(version + 1, all[version]));
        if (failed && failed->state != "P0001") {  // RAISE: another was faster
            return postgres::error_from(*failed);
        }
    }
}

Result<PostgresDatabase::Lease> PostgresDatabase::borrow() {
    before_blocking();
    std::unique_lock lock(mutex_);
    ++waiting_;
    auto lease = borrow(lock, Clock::now() + options_.borrow);
    --waiting_;
    return lease;
}

Result<PostgresDatabase::Lease> PostgresDatabase::borrow(
    std::unique_lock<std::mutex>& lock, Clock::time_point ends
) {
    while (true) {
        if (auto found = idle_or_new(lock, ends)) {
            return *std::move(found);
        }
        if (Clock::now() >= ends) {
            return all_busy(count_);
        }
        freed_.wait_until(lock, count_ < options_.connections ? std::min(ends, next_try_) : ends);
    }
}

std::optional<Result<PostgresDatabase::Lease>> PostgresDatabase::idle_or_new(
    std::unique_lock<std::mutex>& lock, Clock::time_point ends
) {
    if (auto idle = take_idle()) {
        return *std::move(idle);
    }
    const Growth growth = grow();
    if (growth == Growth::is_down) {
        return postgres::error_from(*why_down_);
    }
    if (growth == Growth::full) {
        return std::nullopt;
    }
    lock.unlock();
    auto made = connect();
    lock.lock();
    if (made) {
        return *std::move(made);
    }
    if (count_ == 0 || Clock::now() >= ends) {
        return postgres::error_from(made.error());
    }
    return idle_or_new(lock, ends);  // others live: one of them may be free by now
}

// Precondition, for this and the next: the mutex is held.
std::optional<PostgresDatabase::Lease> PostgresDatabase::take_idle() {
    while (!idle_.empty()) {
        auto session = std::move(idle_.back());
        idle_.pop_back();
        if (!session->has_been_closed()) {
            return std::optional<Lease>(std::in_place, *this, std::move(session), false);
        }
        --count_;
    }
    return std::nullopt;
}

PostgresDatabase::Growth PostgresDatabase::grow() {
    const auto now = Clock::now();
    if (count_ >= options_.connections) {
        return Growth::full;
    }
    if (now < next_try_) {
        return why_down_ ? Growth::is_down : Growth::full;
    }
    if (why_down_) {
        next_try_ = now + options_.times.connect;  // while this one tries, others need not
    }
    ++count_;
    ++connecting_;
    return Growth::now;
}

// Precondition: it is counted.
std::expected<PostgresDatabase::Lease, Failure> PostgresDatabase::connect() {
    auto session = Session::open(url_, options_.times);
    const std::scoped_lock lock(mutex_);
    --connecting_;
    if (session) {
        next_try_ = {};
        is_short_ = is_short_ && count_ < options_.connections;
        if (std::exchange(why_down_, std::nullopt)) {
            log::info("database_found", "connected again");
        }
        return std::expected<Lease, Failure>(std::in_place, *this, *std::move(session), true);
    }
    --count_;
    const bool has_others = count_ > connecting_;
    if (has_others && !std::exchange(is_short_, true)) {
        log::warning("database_gives_no_more", session.error().text, {{"connections", count_}});
    }
    if (!has_others && !std::exchange(why_down_, session.error())) {
        log::warning("database_lost", session.error().text);
    }
    next_try_ = Clock::now() + (has_others ? options_.more_pause : pause);
    freed_.notify_all();
    return std::unexpected(session.error());
}

void PostgresDatabase::give_back(std::unique_ptr<Session> session) {
    std::vector<std::unique_ptr<Session>> dead;  // closed without the lock
    const std::scoped_lock lock(mutex_);
    if (session->is_lost()) {
        dead.push_back(std::move(session));
        --count_;
        // Their server has most likely gone as well.
        count_ -= idle_.size();
        std::ranges::move(idle_, std::back_inserter(dead));
        idle_.clear();
        next_try_ = why_down_ ? next_try_ : Clock::time_point();
        freed_.notify_all();
        return;
    }
    idle_.push_back(std::move(session));
    freed_.notify_one();
}

std::optional<Error> PostgresDatabase::judge(Change change, const Lease& lease, int& tries) {
    const Failure& failure = *lease->failure();
    const bool may_repeat = failure.kind == Failure::Kind::repeat;
    // A connection that stood idle may have died long ago; the next one will not have. But whoever has waited for an answer
    // until the end of his time has none left.
    const bool has_no_effect = change == Change::none || !lease->may_have_committed();
    const bool was_stale = failure.kind == Failure::Kind::lost && !failure.is_overdue &&
                           !lease.is_fresh() && has_no_effect;
    if ((!may_repeat && !was_stale) || ++tries >= tries_max) {
        Error error = postgres::error_from(failure);
        if (may_repeat) {
            error.facts = "The database has too many changes to the same rows.";
        }
        return error;
    }
    repeated_ += may_repeat ? 1 : 0;
    return std::nullopt;
}

PostgresDatabase::Load PostgresDatabase::load() {
    const std::scoped_lock lock(mutex_);
    return {
        .connections = count_,
        .idle = idle_.size(),
        .waiting = waiting_,
        .is_down = why_down_.has_value(),
        .commits = commits_,
        .repeated = repeated_,
    };
}

Result<void> PostgresDatabase::perform(const Work& work, Survives what) {
    for (int tries = 0;;) {
        if (auto done = perform_once(work, what, tries)) {
            return *std::move(done);
        }
        wait_a_little(tries);
    }
}

std::optional<Result<void>> PostgresDatabase::perform_once(
    const Work& work, Survives what, int& tries
) {
    auto lease = borrow();
    if (!lease) {
        return std::move(lease).error();
    }
    Result<void> done = transact(**lease, work, what);
    if (!(*lease)->failure()) {
        commits_ += done ? 1 : 0;
        return done;
    }
    return judge(Change::some, *lease, tries);
}

Result<Rows> PostgresDatabase::single(Change change, const std::function<Rows(Session&)>& run) {
    for (int tries = 0;;) {
        auto lease = borrow();
        if (!lease) {
            return std::move(lease).error();
        }
        (*lease)->begin_single(change == Change::some);
        Rows rows = run(**lease);
        if (!(*lease)->failure()) {
            commits_ += change == Change::some ? 1 : 0;
            return rows;
        }
        if (auto error = judge(change, *lease, tries)) {
            return *std::move(error);
        }
    }
}

Result<std::vector<Rows>> PostgresDatabase::snapshot(const std::function<void(Session&)>& send) {
    for (int tries = 0;;) {
        auto lease = borrow();
        if (!lease) {
            return std::move(lease).error();
        }
        Session& session = **lease;
        session.begin(snapshot_sql);
        send(session);
        std::vector<Rows> answers = session.commit();
        if (!session.failure()) {
            answers.erase(answers.begin());  // of BEGIN
            answers.pop_back();              // of COMMIT
            return answers;
        }
        session.roll_back();
        if (auto error = judge(Change::none, *lease, tries)) {
            return *std::move(error);
        }
    }
}

}  // namespace sluice
