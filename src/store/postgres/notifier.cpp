#include "store/postgres/notifier.hpp"

#include <poll.h>

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "store/postgres/url.hpp"

namespace sluice {
namespace {

constexpr char listen_sql[] = "LISTEN sluice_hints";
// By schema, as the tables are.
constexpr char try_lock_sql[] =
    "SELECT pg_try_advisory_lock(7743, hashtext(coalesce(current_schema(), '')))";
constexpr char notify_sql[] = "SELECT pg_notify('sluice_hints', $1)";

Error away(PGconn* connection) {
    return {
        .code = ErrorCode::database_unavailable,
        .detail = std::string("notifications: ") + PQerrorMessage(connection),
    };
}

// A server that says nothing is left.
constexpr std::chrono::seconds patience{5};

bool wait_readable(PGconn* connection, std::chrono::steady_clock::time_point ends) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(ends - std::chrono::steady_clock::now());
    pollfd socket{.fd = PQsocket(connection), .events = POLLIN, .revents = 0};
    return left.count() > 0 && ::poll(&socket, 1, static_cast<int>(left.count())) >= 0 &&
           PQconsumeInput(connection) == 1;
}

// The next result of what was sent, null behind its last; nothing: the server let us wait too long.
std::optional<PGresult*> next_result(
    PGconn* connection, std::chrono::steady_clock::time_point ends
) {
    while (PQisBusy(connection) == 1) {
        if (!wait_readable(connection, ends)) {
            return std::nullopt;
        }
    }
    return PQgetResult(connection);
}

// Of what was just sent, to its end; `answer`: the first value of its last row.
bool is_done(PGconn* connection, int is_sent, std::string* answer = nullptr) {
    const auto ends = std::chrono::steady_clock::now() + patience;
    bool is_success = is_sent == 1;
    while (is_success) {
        const auto result = next_result(connection, ends);
        if (!result) {
            return false;
        }
        if (*result == nullptr) {
            break;
        }
        const auto status = PQresultStatus(*result);
        is_success = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
        if (answer != nullptr && PQntuples(*result) > 0) {
            *answer = PQgetvalue(*result, PQntuples(*result) - 1, 0);
        }
        PQclear(*result);
    }
    return is_success && PQstatus(connection) == CONNECTION_OK;
}

PGconn* connect(const std::string& url) {
    // Nothing here has to be durable. Its server misses us soon, too: a lock goes with the connection.
    const std::string options =
        "-c statement_timeout=5000 -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 "
        "-c tcp_keepalives_count=3 " +
        postgres::options_in(url) + " -c synchronous_commit=off";
    constexpr auto names = std::to_array<const char*>(
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
        {"sluice hints", "3", "5", "2", "3", "8000", url.c_str(), options.c_str(), "UTF8", nullptr}
    );
    return PQconnectdbParams(names.data(), values.data(), 1);
}

}  // namespace

Result<PostgresNotifier> PostgresNotifier::open(const std::string& url) {
    PostgresNotifier notifier(connect(url));
    PGconn* connection = notifier.connection_.get();
    PQsetNoticeProcessor(connection, [](void*, const char*) {}, nullptr);
    if (PQstatus(connection) != CONNECTION_OK ||
        !is_done(connection, PQsendQuery(connection, listen_sql))) {
        return away(connection);
    }
    return notifier;
}

Result<std::vector<std::string>> PostgresNotifier::take() {
    PGconn* connection = connection_.get();
    if (PQconsumeInput(connection) == 0 || PQstatus(connection) != CONNECTION_OK) {
        return away(connection);
    }
    std::vector<std::string> payloads;
    while (PGnotify* notify = PQnotifies(connection)) {
        payloads.emplace_back(notify->extra);
        PQfreemem(notify);
    }
    return payloads;
}

Result<void> PostgresNotifier::send(const std::vector<std::string>& payloads) {
    PGconn* connection = connection_.get();
    for (const std::string& payload : payloads) {
        const char* const value = payload.c_str();
        const int is_sent =
            PQsendQueryParams(connection, notify_sql, 1, nullptr, &value, nullptr, nullptr, 0);
        if (!is_done(connection, is_sent)) {
            return away(connection);
        }
    }
    return ok();
}

Result<bool> PostgresNotifier::try_lock() {
    PGconn* connection = connection_.get();
    std::string answer;
    if (!is_done(connection, PQsendQuery(connection, try_lock_sql), &answer)) {
        return away(connection);
    }
    return answer == "t";
}

}  // namespace sluice
