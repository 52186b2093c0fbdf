#include "server/opened_parts.hpp"

#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <utility>

#include "base/hmac.hpp"
#include "server/derived_settings.hpp"
#include "server/directory_mark.hpp"
#include "server/other_nodes.hpp"
#include "store/disk/key_file.hpp"

namespace sluice::server {
namespace {

// What is in SQLite's log has room in the database then, so that the log is used again from its start.
constexpr ByteCount ballast_size{std::uint64_t{4} << 20};
constexpr int exit_config = 3;

std::string role_of(const Settings& settings) {
    return !settings.runs_api ? "worker" : settings.runs_workers ? "all" : "api";
}

// Nothing where the database or the storage is this process's alone.
Result<std::unique_ptr<Node>> join_nodes(
    const Settings& settings, const Stores& stores, const BlobEngine& blobs, const SecretBox& box
) {
    if (stores.database == nullptr || !blobs.is_elsewhere()) {
        return std::unique_ptr<Node>();
    }
    // Whoever has the storage on his own disk is no node, and nodes do not begin beside him. Held until this one is seen.
    const auto sole = SoleServer::take(settings.database, [] {});
    if (!sole) {
        return sole.error();
    }
    if (settings.needs_keys) {
        // Says nothing of the key, and is used for nothing else.
        const std::string mark = hex_of(box.derived_key("is it the same on all nodes"));
        if (auto same = PostgresNodeStore(stores.database).check_key(mark); !same) {
            return std::move(same).error();
        }
    }
    const std::string file = settings.data + node_file;
    std::string name = read_line(file);
    if (name.empty()) {
        name = new_mark();
        if (auto written = write_file_whole(file, name); !written) {
            return std::move(written).error();
        }
    }
    NodeSettings wanted{.url = settings.database, .name = name, .role = role_of(settings)};
    if (settings.runs_workers) {
        wanted.slots = slots_of(pool_settings(settings, job_holder));
    }
    auto node = Node::join(stores.database, std::move(wanted));
    if (auto here = blobs.check_is_still_here(); node && !here) {
        return std::move(here).error();
    }
    return node;
}

Result<std::unique_ptr<SoleServer>> stand_alone(
    const Settings& settings, const Stores& stores, const BlobEngine& blobs
) {
    if (stores.database == nullptr || blobs.is_elsewhere()) {
        return std::unique_ptr<SoleServer>();
    }
    auto sole = SoleServer::take(settings.database, [] { ::kill(::getpid(), SIGTERM); });
    if (auto stopped = check_nodes_stopped(stores); sole && !stopped) {
        return std::move(stopped).error();
    }
    return sole;
}

// Nothing where no other server can be taken for this one.
Result<std::unique_ptr<BucketOwner>> own_bucket(
    const Settings& settings, const Stores& stores, const BlobEngine& blobs
) {
    if (blobs.bucket == nullptr) {
        return std::unique_ptr<BucketOwner>();
    }
    BucketOwner::Terms terms{.data = settings.data, .told = [] { ::kill(::getpid(), SIGTERM); }};
    if (stores.database == nullptr) {
        return BucketOwner::take(*blobs.bucket, std::move(terms));
    }
    auto given = BucketOwner::give_to_nodes(*blobs.bucket, std::move(terms));
    return given ? Result<std::unique_ptr<BucketOwner>>(nullptr) : std::move(given).error();
}

}  // namespace

OpenedParts&& OpenedParts::with_clock(CorrectedClock& of_server) && {
    if (node != nullptr) {
        node->correct(of_server);
    }
    return std::move(*this);
}

std::uint64_t OpenedParts::first_event(const Clock& of_server) const {
    const WallTime begun = node == nullptr ? of_server.now() : node->ids_from();
    const std::uint64_t number = node == nullptr ? 0 : node->number();
    return (number << 42U) + static_cast<std::uint64_t>(begun.time_since_epoch().count());
}

// After a kill the page cache still has all that was written, and what was synced is on the disk.
// But a relaxed server may have died between a sync that failed and its note of it.
std::optional<Doubts::Scope> OpenedParts::doubted_scope() const {
    if (blobs.is_elsewhere()) {
        return std::nullopt;
    }
    if (!last_run.was_strict && !last_run.ended_cleanly) {
        return Doubts::Scope();
    }
    return last_run.lost_power() ? std::optional(Doubts::sample) : std::nullopt;
}

std::string OpenedParts::operator_word() const {
    return node == nullptr ? random_word(32) : box.derived_key("console operator");
}

int fail(const std::string& what, const Error& error) {
    const std::string why = error.facts.empty() ? error.detail : error.facts;
    std::fprintf(stderr, "sluice: %s: %s\n", what.c_str(), why.c_str());
    return exit_config;
}

std::expected<OpenedParts, int> open_parts(const Settings& settings, RunMark& mark) {
    const auto failed = [](const std::string& what, const Error& error) {
        return std::unexpected(fail(what, error));
    };
    auto lock = DirectoryLock::take(settings.data, SystemClock().now());
    if (!lock) {
        return failed("the data directory " + settings.data + " cannot be used", lock.error());
    }
    const auto secret = read_or_make_key_file(key_file_of(settings));
    if (!secret) {
        return failed("the key file cannot be used", secret.error());
    }
    auto ballast = std::make_shared<Ballast>(settings.data + "/ballast", ballast_size);
    ballast->prepare();
    auto clock = std::make_unique<SystemClock>();
    auto blobs = open_blobs(settings.storage, settings.data, settings.is_strict, *clock);
    if (!blobs) {
        return failed("the storage cannot be opened", blobs.error());
    }
    auto stores = open_stores(
        settings.database,
        settings.data,
        blobs->bucket,
        database_options(settings, ballast),
        blobs->shared_folder
    );
    if (!stores) {
        return failed("the database cannot be opened", stores.error());
    }
    auto owner = own_bucket(settings, *stores, *blobs);
    if (!owner) {
        return failed("the bucket cannot be used", owner.error());
    }
    auto sole = stand_alone(settings, *stores, *blobs);
    if (!sole) {
        return failed("the database cannot be used", sole.error());
    }
    SecretBox box(*secret);
    auto node = join_nodes(settings, *stores, *blobs, box);
    if (!node) {
        return failed("this node cannot join the others", node.error());
    }
    const auto last_run = mark.begin(settings.is_strict);
    if (!last_run) {
        return failed("the data directory cannot be written", last_run.error());
    }
    return OpenedParts{
        .lock = std::move(*lock),
        .box = std::move(box),
        .ballast = std::move(ballast),
        .clock = std::move(clock),
        .blobs = *std::move(blobs),
        .owner = *std::move(owner),
        .stores = *std::move(stores),
        .sole = *std::move(sole),
        .node = *std::move(node),
        .last_run = *last_run,
    };
}

}  // namespace sluice::server
