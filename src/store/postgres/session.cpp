#include "store/postgres/session.hpp"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "store/postgres/url.hpp"

namespace sluice::postgres {
namespace {

using std::chrono::steady_clock;

constexpr char commit_sql[] = "COMMIT";
constexpr char roll_back_sql[] = "ROLLBACK";
// The server keeps its answers to itself until the end of a flight; after so many statements it is to
// say what it has, so that a flight of very many is not taken for a silent server.
constexpr std::size_t answers_together = 16;

std::string text_of(const PGconn* connection) {
    std::string text = PQerrorMessage(connection);
    std::ranges::replace(text, '\n', ' ');
    return text;
}

// SQLSTATEs, by their first characters (PostgreSQL 15, appendix A).
Failure::Kind kind_of(std::string_view state) {
    struct Row {
        std::string_view prefix;
        Failure::Kind kind;
    };
    constexpr auto rows = std::to_array<Row>({
        {"40001", Failure::Kind::repeat},     // serialization_failure
        {"40P01", Failure::Kind::repeat},     // deadlock_detected
        {"53100", Failure::Kind::full},       // disk_full
        {"53300", Failure::Kind::lost},       // too_many_connections
        {"53", Failure::Kind::exhausted},     // insufficient_resources: memory
        {"57014", Failure::Kind::too_slow},   // query_canceled: statement_timeout
        {"55P03", Failure::Kind::too_slow},   // lock_not_available: lock_timeout
        {"57P", Failure::Kind::lost},         // shutdown, crash, starting up
        {"08", Failure::Kind::lost},          // connection exceptions
        {"25P03", Failure::Kind::lost},       // idle_in_transaction_session_timeout
        {"25006", Failure::Kind::read_only},  // read_only_sql_transaction
    });
    const auto* row = std::ranges::find_if(rows, [state](const Row& candidate) {
        return state.starts_with(candidate.prefix);
    });
    return row == rows.end() ? Failure::Kind::other : row->kind;
}

// The keys by which callers meet: an id that is taken, an index that is. Any other that is violated is
// a mistake of ours, and no conflict.
bool means_taken(std::string_view state, const PGresult* result) {
    constexpr auto keys = std::to_array<std::string_view>({"uploads_pkey", "segments_pkey"});
    const char* constraint = PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
    return state == "23505" && constraint != nullptr &&  // unique_violation
           std::ranges::find(keys, constraint) != keys.end();
}

Failure failure_from(const PGresult* result) {
    const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char* said = state == nullptr ? "" : state;
    return {
        // Without a state it is libpq that speaks: the connection broke.
        .kind = state == nullptr            ? Failure::Kind::lost
                : means_taken(said, result) ? Failure::Kind::taken
                                            : kind_of(said),
        .state = said,
        .text = text == nullptr ? PQresultErrorMessage(result) : text,
    };
}

// What the URL says of these wins. A commit that was told survives the loss of the server's power,
// whatever its configuration says.
std::string options_of(const Session::Times& times) {
    const auto milliseconds = [](std::chrono::seconds seconds) {
        return std::to_string(std::chrono::milliseconds(seconds).count());
    };
    return "-c statement_timeout=" + milliseconds(times.statement) +
           " -c lock_timeout=" + milliseconds(times.statement / 2) +
           " -c idle_in_transaction_session_timeout=" + milliseconds(times.statement * 2);
}

PGconn* connect(const std::string& url, const Session::Times& times) {
    const std::string patience = std::to_string(times.connect.count());
    // Of several settings of one name the last counts: nobody's may take the sync away.
    const std::string options =
        options_of(times) + " " + options_in(url) + " -c synchronous_commit=on";
    const auto names = std::to_array<const char*>(
        {"application_name",
         "connect_timeout",
         "keepalives_idle",
         "keepalives_interval",
         "keepalives_count",
         "tcp_user_timeout",
         "dbname",
         "options",
         "client_encoding",
         nullptr}
    );
    const auto values = std::to_array<const char*>(
        {"sluice",
         patience.c_str(),
         "10",
         "5",
         "3",
         "15000",
         url.c_str(),
         options.c_str(),
         "UTF8",
         nullptr}
    );
    return PQconnectdbParams(names.data(), values.data(), 1);
}

}  // namespace

std::expected<std::unique_ptr<Session>, Failure> Session::open(
    const std::string& url, const Times& times
) {
    PGconn* connection = connect(url, times);
    // What a server remarks ("already exists, skipping") is for nobody.
    PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
    std::unique_ptr<Session> session(new Session(connection, times));
    const bool is_there = PQstatus(connection) == CONNECTION_OK &&
                          PQsetnonblocking(connection, 1) == 0 &&
                          PQenterPipelineMode(connection) == 1;
    if (!is_there) {
        return std::unexpected(Failure{.kind = Failure::Kind::lost, .text = text_of(connection)});
    }
    return session;
}

Session::~Session() {
    PQfinish(connection_);
}

void Session::fail(Failure failure) {
    // A server that has become read-only is no primary any more: another connection may find the new one.
    is_lost_ =
        is_lost_ || failure.kind == Failure::Kind::lost || failure.kind == Failure::Kind::read_only;
    if (!failure_) {
        failure_ = std::move(failure);
    }
}

void Session::lose() {
    const std::string text = text_of(connection_);
    fail(
        {.kind = Failure::Kind::lost,
         .text = text.empty() ? "no answer in time" : text,
         .is_overdue = steady_clock::now() >= deadline_}
    );
}

void Session::send_all(const char* sql, const std::vector<Parameter>& values) {
    if (failure_) {
        return;
    }
    const auto [at, is_new] = statements_.try_emplace(sql);
    Statement& statement = at->second;
    if (is_new) {
        statement.name = "s" + std::to_string(statements_.size());
    }
    if (statement.state == Statement::State::unknown) {
        if (PQsendPrepare(connection_, statement.name.c_str(), sql, 0, nullptr) == 0) {
            lose();
            return;
        }
        statement.state = Statement::State::on_its_way;
        sent_.push_back({Awaited::preparation, &statement});
    }
    std::vector<const char*> bytes;
    bytes.reserve(values.size());
    for (const Parameter& value : values) {
        bytes.push_back(value.bytes());
    }
    const int count = static_cast<int>(values.size());
    const int is_sent = PQsendQueryPrepared(
        connection_, statement.name.c_str(), count, bytes.data(), nullptr, nullptr, 0
    );
    if (is_sent == 0) {
        lose();
        return;
    }
    sent_.push_back({Awaited::answer, &statement});
    if (sent_.size() % answers_together == 0 && PQsendFlushRequest(connection_) == 0) {
        lose();
    }
}

// For something to read, sending what is still to be sent. False: the time is over, or it broke.
bool Session::wait() {
    const int unsent = PQflush(connection_);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now());
    if (unsent < 0 || left.count() <= 0) {
        return false;
    }
    pollfd socket{
        .fd = PQsocket(connection_),
        .events = static_cast<short>(unsent == 1 ? POLLIN | POLLOUT : POLLIN),
        .revents = 0
    };
    const int ready = ::poll(&socket, 1, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) {
        return false;
    }
    return (socket.revents & ~POLLOUT) == 0 || PQconsumeInput(connection_) == 1;
}

PGresult* Session::next_result() {
    while (!is_lost_) {
        if (PQisBusy(connection_) == 0 && PQflush(connection_) == 0) {
            return PQgetResult(connection_);
        }
        if (!wait()) {
            lose();
        }
    }
    return nullptr;
}

void Session::take(const Sent& sent, std::vector<Rows>& answers) {
    bool is_prepared = false;
    while (PGresult* result = next_result()) {
        const Rows rows(result);
        const auto status = PQresultStatus(result);
        const bool is_done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (is_done && sent.what == Awaited::preparation) {
            is_prepared = true;
        } else if (is_done) {
            answers.push_back(rows);
        } else if (status != PGRES_PIPELINE_ABORTED) {  // by the failure of one before it
            fail(failure_from(result));
        }
    }
    if (sent.what == Awaited::preparation) {
        sent.statement->state =
            is_prepared ? Statement::State::prepared : Statement::State::unknown;
    }
}

// The server's own time-out answers first; this one is for a server or a network that says nothing.
void Session::renew_deadline() {
    deadline_ = steady_clock::now() + times_.statement + times_.grace;
}

std::vector<Rows> Session::finish() {
    std::vector<Rows> answers;
    if (sent_.empty()) {
        return answers;
    }
    renew_deadline();
    if (is_lost_ || PQpipelineSync(connection_) == 0) {
        lose();
    }
    while (!sent_.empty()) {
        renew_deadline();  // for as long as answers come
        take(sent_.front(), answers);
        sent_.pop_front();
    }
    renew_deadline();
    // The end of the flight. The connection stands at the next one then.
    if (PGresult* end = next_result()) {
        const bool is_end = PQresultStatus(end) == PGRES_PIPELINE_SYNC;
        PQclear(end);
        if (!is_end) {
            lose();
        }
    }
    return answers;
}

void Session::begin_single(bool may_change) {
    failure_.reset();
    is_in_transaction_ = false;
    may_have_committed_ = may_change;
}

bool Session::has_been_closed() const {
    pollfd socket{.fd = PQsocket(connection_), .events = POLLIN, .revents = 0};
    return ::poll(&socket, 1, 0) != 0;
}

void Session::begin(const char* sql) {
    begin_single();
    send(sql);
    is_in_transaction_ = true;
}

std::vector<Rows> Session::commit() {
    send(commit_sql);
    may_have_committed_ = !failure_;
    std::vector<Rows> answers = finish();
    is_in_transaction_ = failure_.has_value();
    return answers;
}

void Session::roll_back() {
    if (!is_in_transaction_ || is_lost_) {
        return;
    }
    const auto why = std::exchange(failure_, std::nullopt);
    send(roll_back_sql);
    finish();
    is_in_transaction_ = false;
    if (why) {
        failure_ = why;
    }
}

std::optional<Failure> Session::script(const std::string& sql) {
    if (PQexitPipelineMode(connection_) == 0 || PQsetnonblocking(connection_, 0) != 0) {
        return Failure{.kind = Failure::Kind::lost, .text = text_of(connection_)};
    }
    PGresult* result = PQexec(connection_, sql.c_str());
    const auto status = PQresultStatus(result);
    std::optional<Failure> failure;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
        failure = failure_from(result);
        PQclear(PQexec(connection_, roll_back_sql));
    }
    PQclear(result);
    if (PQsetnonblocking(connection_, 1) != 0 || PQenterPipelineMode(connection_) == 0) {
        is_lost_ = true;
    }
    return failure;
}

namespace {

const char* facts_of(const Failure& failure) {
    switch (failure.kind) {
        case Failure::Kind::read_only:
            return "The database takes no changes at the moment.";
        case Failure::Kind::lost:
            // The word with which a server ends a connection, or begins none.
            return failure.text.contains("FATAL") ? "The database refuses the connection."
                                                  : "The database does not answer.";
        case Failure::Kind::exhausted:
            return "The database has not enough memory at the moment.";
        default:
            return "The database was too slow.";
    }
}

}  // namespace

Error error_from(const Failure& failure) {
    const std::string state = failure.state.empty() ? "" : failure.state + " ";
    const std::string detail = "postgres: " + state + failure.text;
    switch (failure.kind) {
        case Failure::Kind::taken:
            return {.code = ErrorCode::store_conflict, .detail = detail};
        case Failure::Kind::full:
            return {.code = ErrorCode::storage_full, .detail = detail};
        case Failure::Kind::other:
            return {.code = ErrorCode::storage_failed, .detail = detail};
        default:
            break;
    }
    return {
        .code = ErrorCode::database_unavailable,
        .facts = facts_of(failure),
        .detail = detail,
        .retry_after = std::chrono::seconds(failure.kind == Failure::Kind::exhausted ? 10 : 2),
    };
}

}  // namespace sluice::postgres
