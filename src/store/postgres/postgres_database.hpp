// PostgresDatabase: a bounded pool of connections to one PostgreSQL, shared by all stores that keep
// their rows in it. Any thread; blocks, never longer than PostgresOptions say. After the database
// was away, the next call finds it by itself; meanwhile calls fail at once, with
// database_unavailable, and one in `pause` tries. A server that gives fewer connections than we want
// is not away: whoever finds none free waits for one of those that there are.
//
// A change is one transaction (READ COMMITTED; rows that a decision rests on are locked). It is
// tried again after a serialization failure or a deadlock, and on another connection if the one it
// had was dead before COMMIT went out; so work may run several times, and must begin anew each time.
// If the connection breaks later, the caller gets database_unavailable and the change may have taken
// effect: every use case can be repeated.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/postgres/session.hpp"

namespace sluice {

struct PostgresOptions {
    std::size_t connections = 24;
    postgres::Session::Times times;
    std::chrono::seconds borrow{5};  // at most, for a connection that is free
    // Between two attempts to have one more connection than the server gives.
    std::chrono::milliseconds more_pause{2000};
};

class PostgresDatabase {
  public:
    using Session = postgres::Session;
    using Work = std::function<Result<void>(Session&)>;

    // Connects and brings the schema up to date; one process at a time does. storage_failed, with
    // facts, for a schema that is newer than this program.
    static Result<std::shared_ptr<PostgresDatabase>> open(
        const std::string& url, PostgresOptions options = {}
    );
    PostgresDatabase(std::string url, PostgresOptions options);
    PostgresDatabase(const PostgresDatabase&) = delete;
    PostgresDatabase& operator=(const PostgresDatabase&) = delete;
    ~PostgresDatabase() = default;

    enum class Survives : std::uint8_t { power_loss, kill };

    // One transaction, committed if the work succeeds. `kill`: what it wrote may be lost if the
    // database's machine loses power.
    Result<void> perform(const Work& work, Survives what = Survives::power_loss);
    // Reads in one snapshot: the answers of all that `send` sent, in order.
    Result<std::vector<postgres::Rows>> snapshot(const std::function<void(Session&)>& send);
    // One statement that reads.
    template <class... Values>
    Result<postgres::Rows> query(const char* sql, const Values&... values) {
        return single(Change::none, [&](Session& session) {
            return session.query(sql, values...);
        });
    }
    // One statement that is the whole transaction: one round trip. How many rows it changed.
    template <class... Values>
    Result<std::int64_t> execute(const char* sql, const Values&... values) {
        auto rows =
            single(Change::some, [&](Session& session) { return session.query(sql, values...); });
        return rows ? Result<std::int64_t>(rows->changed()) : std::move(rows).error();
    }

    struct Load {
        std::size_t connections = 0;
        std::size_t idle = 0;
        std::size_t waiting = 0;  // callers, for a connection
        bool is_down = false;     // the last attempt to connect failed
        std::uint64_t commits = 0;
        std::uint64_t repeated = 0;  // transactions, after a conflict with another
    };
    Load load();

  private:
    using Clock = std::chrono::steady_clock;
    // A session that goes back into the pool, unless it is of no use any more.
    class Lease {
      public:
        Lease(PostgresDatabase& of, std::unique_ptr<Session> session, bool is_fresh);
        Lease(Lease&& other) = default;
        Lease& operator=(Lease&&) = delete;
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease();
        Session& operator*() const { return *session_; }
        Session* operator->() const { return session_.get(); }
        bool is_fresh() const { return is_fresh_; }

      private:
        PostgresDatabase& of_;
        std::unique_ptr<Session> session_;
        bool is_fresh_;
    };

    Result<Lease> borrow();
    Result<Lease> borrow(std::unique_lock<std::mutex>& lock, Clock::time_point ends);
    // Nothing: it has to be waited for.
    std::optional<Result<Lease>> idle_or_new(
        std::unique_lock<std::mutex>& lock, Clock::time_point ends
    );
    std::optional<Lease> take_idle();
    // Why none may be made at this moment; nothing: one may, and is counted from now on.
    enum class Growth : std::uint8_t { now, full, is_down };
    Growth grow();
    std::expected<Lease, postgres::Failure> connect();
    void give_back(std::unique_ptr<Session> session);
    Result<void> migrate(Session& session);
    enum class Change : std::uint8_t { none, some };
    Result<postgres::Rows> single(
        Change change, const std::function<postgres::Rows(Session&)>& run
    );
    // Nothing: to be tried again.
    std::optional<Result<void>> perform_once(const Work& work, Survives what, int& tries);
    // After a failure: what to tell, or nothing, to try again.
    std::optional<Error> judge(Change change, const Lease& lease, int& tries);

    const std::string url_;
    const PostgresOptions options_;
    std::atomic<std::uint64_t> commits_{0};
    std::atomic<std::uint64_t> repeated_{0};
    std::mutex mutex_;  // guards all below
    std::condition_variable freed_;
    std::vector<std::unique_ptr<Session>> idle_;
    std::size_t count_ = 0;       // of connections, those on their way too
    std::size_t connecting_ = 0;  // of those
    std::size_t waiting_ = 0;
    Clock::time_point next_try_;
    bool is_short_ = false;  // the server gave fewer than we want, and it was said
    std::optional<postgres::Failure> why_down_;  // only while no connection lives
};

}  // namespace sluice
