// PostgresNotifier: one connection of its own for LISTEN and NOTIFY, outside every transaction: a
// NOTIFY within one takes a lock of the whole database and holds it over the flush. What it carries
// are hints; any may be lost. One thread at a time.
#pragma once

#include <libpq-fe.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace sluice {

class PostgresNotifier {
  public:
    // Of a payload: below what NOTIFY takes (8000).
    static constexpr std::size_t payload_max = 7800;

    // Connects and listens. Blocks for some seconds at most. database_unavailable.
    static Result<PostgresNotifier> open(const std::string& url);

    // Readable when something came; to be waited for.
    int socket() const { return PQsocket(connection_.get()); }
    // What has come, of all nodes, this one too; database_unavailable if the connection is gone.
    Result<std::vector<std::string>> take();
    Result<void> send(const std::vector<std::string>& payloads);
    // The lock of a database that has one server, for as long as the connection lives. False: another has it.
    Result<bool> try_lock();

  private:
    struct Closed {
        void operator()(PGconn* connection) const { PQfinish(connection); }
    };
    explicit PostgresNotifier(PGconn* connection) : connection_(connection) {}

    std::unique_ptr<PGconn, Closed> connection_;
};

}  // namespace sluice
