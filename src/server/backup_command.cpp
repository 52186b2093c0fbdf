#include "server/backup_command.hpp"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "base/json_writer.hpp"
#include "cli/error_text.hpp"
#include "server/backup_file.hpp"
#include "server/bucket_mark.hpp"
#include "server/command_words.hpp"
#include "server/directory_copy.hpp"
#include "server/directory_mark.hpp"
#include "server/stores.hpp"
#include "store/disk/data_directory.hpp"
#include "store/sqlite/connection.hpp"

namespace sluice::server {
namespace {

constexpr int exit_done = 0;
constexpr int exit_damaged = 1;
constexpr int exit_undone = 3;
// Of a server that deletes as fast as this copies; each one is shorter than the one before.
constexpr int rounds_max = 5;

constexpr std::array<cli::FlagRule, 3> rules{
    cli::FlagRule{"--data", true},
    cli::FlagRule{"--to", true},
    cli::FlagRule{"--json"},
};

constexpr const char* help_text = R"(sluice backup --data DIR --to BACKUP

  sluice backup --data ./sluice-data --to /backups/sluice-2026-11-27

  --data DIR          the server's directory (SLUICE_SERVER_DATA; default ./sluice-data)
  --to BACKUP         a folder that is not there yet; complete once it has this name
  --json              one JSON line with the counts

A consistent copy, also while the server runs: uploads, open ones too, their bytes, what was made of
them, keys, timelines. Every byte is read again and compared with its checksum. The file keys.secret,
under which OAuth secrets are sealed, does not come along: keep a copy of it elsewhere. Rows in
PostgreSQL are copied by pg_dump. Exits 0 when it is done, 1 if bytes were missing or damaged in the
directory already, 3 if there is no backup. Back: sluice restore.
)";

struct Wishes {
    std::string data;
    std::string to;
    bool is_json = false;
};

int fail(const Error& error) {
    const std::string& why = error.facts.empty() ? error.detail : error.facts;
    std::fprintf(stderr, "sluice: backup: %s\n", why.c_str());
    return exit_undone;
}

Result<void> check_is_possible(const Wishes& wishes, const std::string& partial) {
    if (std::filesystem::exists(wishes.data + mark_file)) {
        return Error{
            .facts = "The rows of " + wishes.data +
                     " are in PostgreSQL. Copy the directory's folder blobs after pg_dump; see "
                     "docs/operations/backup.md."
        };
    }
    if (std::filesystem::exists(wishes.data + bucket_file)) {
        return Error{
            .facts = "The bytes of " + wishes.data +
                     " are in an S3 store: copy the bucket by its own means; see "
                     "docs/operations/backup.md."
        };
    }
    if (!std::filesystem::exists(wishes.data + sqlite_file)) {
        return Error{.facts = "There is no SQLite database in " + wishes.data + "."};
    }
    if (std::filesystem::exists(wishes.to)) {
        return Error{.facts = wishes.to + " is there already."};
    }
    return std::filesystem::exists(partial)
               ? Error{.facts = partial + " is there already, of a backup that was interrupted or is "
                                          "under way. Was it interrupted, remove it."}
               : ok();
}

// In one reading transaction, so that writers neither wait nor are seen in part.
Result<void> copy_rows_file(const std::string& data, const std::string& to) {
    for (const char* suffix : {"", "-wal", "-shm"}) {
        std::error_code ignored;
        std::filesystem::remove(to + sqlite_file + suffix, ignored);
    }
    const auto rows = sqlite::Connection::open(data + sqlite_file);
    if (!rows) {
        return rows.error();
    }
    const std::string target = to + sqlite_file;
    if (auto copied = (*rows)->execute("VACUUM INTO ?1", std::string_view(target)); !copied) {
        return std::move(copied).error();
    }
    return ::chmod(target.c_str(), S_IRUSR | S_IWUSR) == 0 ? ok()
                                                           : system_error(errno, "chmod the copy");
}

class Backup {
  public:
    Backup(std::string data, std::string to, DirectoryCopy copy, Stores live)
        : data_(std::move(data)),
          to_(std::move(to)),
          copy_(std::move(copy)),
          live_(std::move(live)) {}

    Result<BackupFacts> make() {
        for (int round = 1;; ++round) {
            if (auto copied = copy_rows_file(data_, to_); !copied) {
                return std::move(copied).error();
            }
            const auto rows = open_stores("sqlite", to_);
            if (!rows) {
                return rows.error();
            }
            auto facts = copy_and_check(*rows->metadata, round < rounds_max);
            if (!facts || *facts) {
                return facts ? Result<BackupFacts>(**facts) : std::move(facts).error();
            }
        }
    }
    Result<void> sync() const { return copy_.sync(); }

  private:
    // Nothing: the server has gone on with an upload whose bytes were not there any more; the rows of
    // now know it.
    Result<std::optional<BackupFacts>> copy_and_check(MetadataStore& rows, bool may_repeat) {
        const auto incomplete = copy_.copy(rows);
        if (!incomplete) {
            return incomplete.error();
        }
        for (const MediaId id : *incomplete) {
            if (may_repeat && has_changed(rows, id)) {
                return std::optional<BackupFacts>();
            }
        }
        std::vector<FsckProblem> problems;
        const auto counts = check_bytes(rows, to_, [&problems](const FsckProblem& problem) {
            // What nobody owns came along in a shared file: no damage.
            if (problem.upload.value != 0) {
                problems.push_back(problem);
            }
        });
        if (!counts) {
            return counts.error();
        }
        for (const FsckProblem& problem : problems) {
            if (may_repeat && has_changed(rows, problem.upload)) {
                return std::optional<BackupFacts>();
            }
        }
        for (const FsckProblem& problem : problems) {
            std::fprintf(
                stderr,
                "sluice: backup: upload %s: %s: %s\n",
                problem.upload.text().c_str(),
                problem.kind.c_str(),
                problem.facts.c_str()
            );
        }
        return std::optional(BackupFacts{
            .uploads = counts->uploads,
            .files = copy_.files(),
            .bytes = copy_.bytes(),
            .problems = problems.size(),
        });
    }

    bool has_changed(MetadataStore& rows, MediaId id) {
        const auto then = rows.find_any(id);
        const auto now = live_.metadata->find_any(id);
        return !then || !now || then->upload != now->upload;
    }

    const std::string data_;
    const std::string to_;
    DirectoryCopy copy_;
    Stores live_;
};

Result<BackupFacts> make_backup(const Wishes& wishes, const std::string& partial) {
    if (auto made = make_data_directory(partial); !made) {
        return std::move(made).error();
    }
    auto copy = DirectoryCopy::between(wishes.data, partial);
    if (!copy) {
        return std::move(copy).error();
    }
    auto live = open_stores("sqlite", wishes.data);
    if (!live) {
        return std::move(live).error();
    }
    Backup backup(wishes.data, partial, *std::move(copy), *std::move(live));
    auto facts = backup.make();
    if (!facts) {
        return facts;
    }
    if (auto written = write_backup_file(partial, *facts); !written) {
        return std::move(written).error();
    }
    if (auto synced = backup.sync(); !synced) {
        return std::move(synced).error();
    }
    return facts;
}

int run(Wishes wishes) {
    while (wishes.to.size() > 1 && wishes.to.ends_with('/')) {
        wishes.to.pop_back();
    }
    const std::string partial = wishes.to + ".partial";
    if (auto possible = check_is_possible(wishes, partial); !possible) {
        return fail(possible.error());
    }
    const auto facts = make_backup(wishes, partial);
    if (!facts) {
        std::error_code ignored;
        std::filesystem::remove_all(partial, ignored);
        return fail(facts.error());
    }
    if (auto placed = put_in_place(partial, wishes.to); !placed) {
        return fail(placed.error());
    }
    if (wishes.is_json) {
        std::printf("%s\n", as_json(*facts).c_str());
    } else {
        std::printf(
            "%llu uploads, %llu files, %llu bytes: %s\n"
            "keys.secret is not in it: keep a copy elsewhere\n",
            static_cast<unsigned long long>(facts->uploads),
            static_cast<unsigned long long>(facts->files),
            static_cast<unsigned long long>(facts->bytes),
            facts->problems == 0 ? "all is well" : "some were damaged before"
        );
    }
    return facts->problems == 0 ? exit_done : exit_damaged;
}

}  // namespace

int backup_command(const std::vector<std::string>& words, const Environment& environment) {
    const auto arguments = flags_of("backup", words, rules, help_text);
    if (!arguments) {
        return arguments.error();
    }
    if (!arguments->has("--to") || arguments->value("--to").empty()) {
        return cli::usage_error(std::cerr, "--to names the folder of the backup", "backup");
    }
    return run({
        .data = told_data(*arguments, environment),
        .to = arguments->value("--to"),
        .is_json = arguments->has("--json"),
    });
}

}  // namespace sluice::server
