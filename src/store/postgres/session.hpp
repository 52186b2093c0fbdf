// Session: one connection to PostgreSQL, always in pipeline mode: send() queues a statement, and
// query() or finish() bring everything that is queued to the server in one flight. Statements are
// prepared at their first use. Used by one thread at a time (who borrowed it from the pool).
//
// The first failure stays until begin(): what follows it does nothing and answers no rows, so that
// a piece of work is written without looking at each step; who runs it looks at failure() before
// its result, which means nothing then.
#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/postgres/values.hpp"

namespace sluice::postgres {

struct Failure {
    enum class Kind : std::uint8_t {
        lost,       // the connection broke, or there is none: nobody knows what the server did
        repeat,     // a serialization failure or a deadlock: the same work may succeed now
        taken,      // a unique key is taken
        full,       // the server's disk
        exhausted,  // another resource of the server's: memory, connections
        too_slow,   // beyond a time-out of the server's
        read_only,  // a standby, or a server that was told so
        other,
    };
    Kind kind = Kind::other;
    std::string state;        // SQLSTATE, if the server said one
    std::string text;         // private
    bool is_overdue = false;  // of `lost`: nothing was said in time
};

class Session {
  public:
    struct Times {
        std::chrono::seconds connect{3};
        std::chrono::seconds statement{10};
        // How much later than the server's own time-out we stop waiting for the answer to a
        // statement: the server, or the network, says nothing.
        std::chrono::seconds grace{3};
    };
    // Blocks until the server answers or its time is over.
    static std::expected<std::unique_ptr<Session>, Failure> open(
        const std::string& url, const Times& times
    );
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    // Queues it. `sql` must live for ever: its address is its name.
    template <class... Values>
    void send(const char* sql, const Values&... values) {
        send_all(sql, {Parameter(values)...});
    }
    void send_all(const char* sql, const std::vector<Parameter>& values);
    // Everything queued, in order: an answer each, fewer after a failure.
    std::vector<Rows> finish();
    // The last of them.
    template <class... Values>
    Rows query(const char* sql, const Values&... values) {
        send(sql, values...);
        std::vector<Rows> answers = finish();
        return failure_ ? Rows() : std::move(answers.back());
    }
    template <class... Values>
    std::int64_t execute(const char* sql, const Values&... values) {
        return query(sql, values...).changed();
    }

    // What follows is a transaction of its own for each statement. Forgets a failure.
    void begin_single(bool may_change = false);
    // Queued with what follows. Forgets a failure.
    void begin(const char* sql = "BEGIN ISOLATION LEVEL READ COMMITTED");
    // With everything queued. It took effect unless there is a failure; if that is `lost`, nobody
    // knows.
    // The answers of what was queued.
    std::vector<Rows> commit();
    // Whatever happened: nothing of the transaction stays.
    void roll_back();

    // Several statements at once, outside a pipeline: the schema. No deadline.
    std::optional<Failure> script(const std::string& sql);

    const std::optional<Failure>& failure() const { return failure_; }
    // By the server, while nothing was asked of it.
    bool has_been_closed() const;
    // Of no use any more.
    bool is_lost() const { return is_lost_; }
    // COMMIT went out, or a statement that is a transaction of its own.
    bool may_have_committed() const { return may_have_committed_; }

  private:
    struct Statement {
        enum class State : std::uint8_t { unknown, on_its_way, prepared };
        std::string name;
        State state = State::unknown;  // to the server
    };
    enum class Awaited : std::uint8_t { preparation, answer };
    struct Sent {
        Awaited what;
        Statement* statement;
    };

    Session(PGconn* connection, const Times& times) : connection_(connection), times_(times) {}
    void renew_deadline();
    bool wait();
    // The next result, or nothing if there is no more of this statement, or the connection is lost.
    PGresult* next_result();
    void take(const Sent& sent, std::vector<Rows>& answers);
    void fail(Failure failure);
    void lose();

    PGconn* connection_;
    const Times times_;
    std::map<const char*, Statement> statements_;
    std::deque<Sent> sent_;
    std::optional<Failure> failure_;
    std::chrono::steady_clock::time_point deadline_;  // of the answer that is waited for
    bool is_lost_ = false;
    bool is_in_transaction_ = false;
    bool may_have_committed_ = false;
};

// What the callers of a store are told.
Error error_from(const Failure& failure);

}  // namespace sluice::postgres
