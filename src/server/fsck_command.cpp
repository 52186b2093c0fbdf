#include "server/fsck_command.hpp"

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "base/json_writer.hpp"
#include "base/text.hpp"
#include "cli/error_text.hpp"
#include "nodes/sole_server.hpp"
#include "server/blob_engine.hpp"
#include "server/bucket_mark.hpp"
#include "server/bucket_owner.hpp"
#include "server/command_words.hpp"
#include "server/directory_mark.hpp"
#include "server/other_nodes.hpp"
#include "server/stores.hpp"
#include "service/fsck.hpp"
#include "store/disk/data_directory.hpp"
#include "store/postgres/url.hpp"

namespace sluice::server {
namespace {

constexpr int exit_well = 0;
constexpr int exit_problems = 1;
constexpr int exit_directory = 3;

constexpr std::array<cli::FlagRule, 7> rules{
    cli::FlagRule{"--database", true},
    cli::FlagRule{"--storage", true},
    cli::FlagRule{"--data", true},
    cli::FlagRule{"--json"},
    cli::FlagRule{"--repair"},
    cli::FlagRule{"--older-than", true},
    cli::FlagRule{"--take-bucket"},
};

constexpr const char* help_text = R"(sluice fsck --data DIR

  sluice fsck --data ./sluice-data
  sluice fsck --data ./sluice-data --repair --older-than 3600

  --data DIR          the server's directory (SLUICE_SERVER_DATA; default ./sluice-data)
  --database URL      as of the server (SLUICE_DATABASE_URL; default sqlite)
  --storage URL       as of the server (SLUICE_STORAGE_URL; default disk)
  --repair            what is safe: segments of open uploads whose bytes are not there are marked as
                      missing; files, and places of packs, that belong to no upload are freed
  --older-than S      of these only what was last changed so many seconds ago (default 3600)
  --take-bucket       with SQLite and S3: the server that had the bucket is gone for good; from now on
                      this directory has it
  --json              one JSON line for each problem, then one with the counts

Reads every byte that was acknowledged, and compares it with the checksum of then. No server may run on
the directory meanwhile. Exits 0 if all is well, 1 if problems were found, 3 if the directory cannot be
looked at.
)";

struct Wishes {
    std::string data;
    std::string database;
    std::string storage;
    bool is_json = false;
    bool takes_bucket = false;
    Fsck::Repair repair;
};

int fail(const Error& error) {
    const std::string& why = error.facts.empty() ? error.detail : error.facts;
    std::fprintf(stderr, "sluice: fsck: %s\n", why.c_str());
    return exit_directory;
}

void print_problem(const FsckProblem& problem, bool is_json) {
    if (!is_json) {
        const std::string upload =
            problem.upload.value == 0 ? "" : " upload " + problem.upload.text();
        std::printf(
            "%s%s: %s%s\n",
            problem.kind.c_str(),
            upload.c_str(),
            problem.facts.c_str(),
            problem.is_repaired ? " Repaired." : ""
        );
        return;
    }
    JsonWriter json;
    json.begin_object().member("type", "problem").member("kind", problem.kind);
    if (problem.upload.value != 0) {
        json.member("media_id", problem.upload.text());
    }
    json.member("detail", problem.facts).member("repaired", problem.is_repaired).end_object();
    std::printf("%s\n", json.take().c_str());
}

void print_counts(const FsckCounts& counts, bool is_json) {
    if (is_json) {
        JsonWriter json;
        json.begin_object()
            .member("type", "summary")
            .member("uploads", counts.uploads)
            .member("segments", counts.segments)
            .member("bytes", counts.bytes)
            .member("outputs", counts.outputs)
            .member("files", counts.files)
            .member("packs", counts.packs)
            .member("problems", counts.problems)
            .member("repaired", counts.repaired)
            .end_object();
        std::printf("%s\n", json.take().c_str());
        return;
    }
    std::printf(
        "%llu uploads, %llu segments with %llu bytes, %llu outputs, %llu files, %llu packs: "
        "%llu problems, %llu repaired\n",
        static_cast<unsigned long long>(counts.uploads),
        static_cast<unsigned long long>(counts.segments),
        static_cast<unsigned long long>(counts.bytes),
        static_cast<unsigned long long>(counts.outputs),
        static_cast<unsigned long long>(counts.files),
        static_cast<unsigned long long>(counts.packs),
        static_cast<unsigned long long>(counts.problems),
        static_cast<unsigned long long>(counts.repaired)
    );
}

// With SQLite: no server works on the bucket meanwhile. Nothing in any other case.
Result<std::unique_ptr<BucketOwner>> owned_bucket(
    const Wishes& wishes, const BlobEngine& blobs, const Stores& stores
) {
    if (blobs.bucket == nullptr || stores.database != nullptr) {
        return std::unique_ptr<BucketOwner>();
    }
    auto owner = BucketOwner::take(
        *blobs.bucket, {.data = wishes.data, .may_replace = wishes.takes_bucket, .told = [] {}}
    );
    if (owner && wishes.takes_bucket) {
        const std::string bucket = blobs.bucket->shown();
        std::fprintf(stderr, "%s is that of %s now\n", bucket.c_str(), wishes.data.c_str());
    }
    return owner;
}

int check(const Wishes& wishes) {
    // Looking at what is not there must not make it.
    const bool is_of_node = wishes.database != "sqlite" && wishes.storage != "disk";
    const auto is_there = [&wishes](const std::string& file) {
        return std::filesystem::exists(wishes.data + file);
    };
    // A node that was an embedded server, and has not begun since its rows and bytes were moved, has only the mark.
    const bool has_database = wishes.database == "sqlite"
                                  ? is_there(sqlite_file)
                                  : is_there(mark_file) || (is_of_node && is_there(node_file));
    if (!has_database) {
        return fail({.facts = "There is no database in " + wishes.data + "."});
    }
    const WallTime now = SystemClock().now();
    const auto lock = DirectoryLock::take(wishes.data, now);
    if (!lock) {
        return fail(lock.error());
    }
    const SystemClock clock;
    const auto blobs = open_blobs(wishes.storage, wishes.data, true, clock);
    if (!blobs) {
        return fail(blobs.error());
    }
    const auto stores =
        open_stores(wishes.database, wishes.data, blobs->bucket, {}, blobs->shared_folder);
    if (!stores) {
        return fail(stores.error());
    }
    const auto owner = owned_bucket(wishes, *blobs, *stores);
    if (!owner) {
        return fail(owner.error());
    }
    // With its bytes on a local disk: nobody works on a copy of the directory meanwhile.
    std::unique_ptr<SoleServer> sole;
    if (stores->database != nullptr && !blobs->is_elsewhere()) {
        auto taken = SoleServer::take(wishes.database, [] {}, std::chrono::seconds(2));
        if (!taken) {
            return fail(taken.error());
        }
        sole = *std::move(taken);
    }
    if (auto stopped = check_nodes_stopped(*stores); !stopped) {
        return fail(stopped.error());
    }
    const auto report = [&wishes](const FsckProblem& problem) {
        print_problem(problem, wishes.is_json);
    };
    Fsck fsck(*stores->metadata, *blobs->store, now, wishes.repair, report);
    const auto counts = fsck.run(
        [&blobs](const Fsck::VisitFile& visit) { return blobs->each_file(visit); },
        [&blobs](const Fsck::VisitPack& visit) { return blobs->each_pack(visit); }
    );
    if (!counts) {
        return fail(counts.error());
    }
    print_counts(*counts, wishes.is_json);
    return counts->problems > counts->repaired ? exit_problems : exit_well;
}

}  // namespace

int fsck_command(const std::vector<std::string>& words, const Environment& environment) {
    const auto arguments = flags_of("fsck", words, rules, help_text);
    if (!arguments) {
        return arguments.error();
    }
    const auto age =
        parse_unsigned(arguments->has("--older-than") ? arguments->value("--older-than") : "3600");
    if (!age || *age > 1'000'000'000) {
        return cli::usage_error(std::cerr, "--older-than must be a number of seconds", "fsck");
    }
    const auto said = [&](const char* flag, const char* variable, const char* if_neither) {
        return told(*arguments, environment, flag, variable, if_neither);
    };
    const Wishes wishes{
        .data = told_data(*arguments, environment),
        .database = said("--database", "SLUICE_DATABASE_URL", "sqlite"),
        .storage = said("--storage", "SLUICE_STORAGE_URL", "disk"),
        .is_json = arguments->has("--json"),
        .takes_bucket = arguments->has("--take-bucket"),
        .repair =
            {.is_wanted = arguments->has("--repair"),
             .orphans_before = SystemClock().now() - std::chrono::seconds(*age)},
    };
    if (wishes.database != "sqlite" && !postgres::check_url(wishes.database)) {
        const std::string wanted = "--database must be sqlite, or postgres://USER@HOST/DATABASE";
        return cli::usage_error(std::cerr, wanted, "fsck");
    }
    if (wishes.takes_bucket &&
        (wishes.database != "sqlite" || !wishes.storage.starts_with("s3://"))) {
        const std::string wanted = "--take-bucket is for rows in SQLite and --storage s3://…";
        return cli::usage_error(std::cerr, wanted, "fsck");
    }
    return check(wishes);
}

}  // namespace sluice::server
