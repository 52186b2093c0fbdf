// SoleServer: the one server of a database whose bytes lie on a local disk. Another one, on a copy of the directory, would
// acknowledge bytes that the first does not have. A lock of PostgreSQL, held by a connection of its own: it goes with the process.
// Was the connection lost, it is taken again; has another server taken it meanwhile, this one is told to stop.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace sluice {

class PostgresNotifier;

class SoleServer {
  public:
    // How long the server before this one has to be missed by the database after its machine is gone.
    static constexpr std::chrono::seconds patience{20};

    // Blocks for `patience` at most. database_unavailable; storage_failed, with facts, if another server has it.
    // `was_replaced` comes from a thread of its own, at most once.
    static Result<std::unique_ptr<SoleServer>> take(
        const std::string& url,
        std::function<void()> was_replaced,
        std::chrono::seconds how_long = patience
    );
    ~SoleServer();
    SoleServer(const SoleServer&) = delete;
    SoleServer& operator=(const SoleServer&) = delete;

  private:
    SoleServer(
        std::string url, std::function<void()> was_replaced, std::unique_ptr<PostgresNotifier> line
    );
    void hold();
    bool take_again();
    bool is_told_within(std::chrono::milliseconds time, int socket);

    const std::string url_;
    const std::function<void()> was_replaced_;
    std::unique_ptr<PostgresNotifier> line_;  // null: lost
    UniqueFd end_;                            // readable: it ends
    std::jthread thread_;
};

}  // namespace sluice
