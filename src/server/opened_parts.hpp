// What a server stands on, opened in order: its directory, its secrets, its storage, its database, and
// its place among other nodes. Whatever cannot be opened is said on stderr, for whoever starts it.
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/secret_box.hpp"
#include "nodes/node.hpp"
#include "nodes/sole_server.hpp"
#include "server/blob_engine.hpp"
#include "server/bucket_owner.hpp"
#include "server/settings.hpp"
#include "server/stores.hpp"
#include "service/doubts.hpp"
#include "store/disk/ballast.hpp"
#include "store/disk/data_directory.hpp"
#include "store/disk/run_mark.hpp"

namespace sluice::server {

struct OpenedParts {
    DirectoryLock lock;
    SecretBox box;
    std::shared_ptr<Ballast> ballast;    // also the database's
    std::unique_ptr<SystemClock> clock;  // of the storage
    BlobEngine blobs;
    std::unique_ptr<BucketOwner> owner;  // with SQLite and a bucket
    Stores stores;
    std::unique_ptr<SoleServer> sole;  // with PostgreSQL and a local disk
    std::unique_ptr<Node> node;        // null: alone
    LastRun last_run;

    // Nobody reads `of_server` before it goes as the clock of those that it shares a database with.
    OpenedParts&& with_clock(CorrectedClock& of_server) &&;
    // Numbers of no other node's and of no process before, so that a watcher who comes to another one
    // is told that he may have missed something.
    std::uint64_t first_event(const Clock& of_server) const;
    // Which uploads may have lost bytes when the process before this one ended; nothing: none.
    std::optional<Doubts::Scope> doubted_scope() const;
    // The sign-in of the operator ends with a server that is alone; nodes take each other's.
    std::string operator_word() const;
};

// The exit code that it is for.
int fail(const std::string& what, const Error& error);
// Else the exit code.
std::expected<OpenedParts, int> open_parts(const Settings& settings, RunMark& mark);

}  // namespace sluice::server
