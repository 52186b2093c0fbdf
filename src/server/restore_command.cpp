#include "server/restore_command.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "base/unique_fd.hpp"
#include "cli/error_text.hpp"
#include "server/backup_file.hpp"
#include "server/command_words.hpp"
#include "server/directory_copy.hpp"
#include "server/directory_mark.hpp"
#include "server/stores.hpp"
#include "store/disk/copy_file.hpp"
#include "store/disk/data_directory.hpp"

namespace sluice::server {
namespace {

constexpr int exit_done = 0;
constexpr int exit_damaged = 1;
constexpr int exit_undone = 3;
constexpr const char* secret_file = "/keys.secret";

constexpr std::array<cli::FlagRule, 3> rules{
    cli::FlagRule{"--from", true},
    cli::FlagRule{"--data", true},
    cli::FlagRule{"--key-file", true},
};

constexpr const char* help_text = R"(sluice restore --from BACKUP --data DIR

  sluice restore --from /backups/sluice-2026-11-27 --data ./sluice-data --key-file keys.secret

  --from BACKUP       what sluice backup made
  --data DIR          a folder that is not there yet, or empty (SLUICE_SERVER_DATA; default ./sluice-data)
  --key-file FILE     the keys.secret of then; without it keys have to be made anew

Every byte is read again and compared with its checksum. Exits 0 when it is done, 1 if bytes are missing
or damaged (each is named), 3 if there is no directory.
)";

struct Wishes {
    std::string from;
    std::string data;
    std::string key_file;
};

int fail(const Error& error) {
    const std::string& why = error.facts.empty() ? error.detail : error.facts;
    std::fprintf(stderr, "sluice: restore: %s\n", why.c_str());
    return exit_undone;
}

Result<void> check_is_possible(const Wishes& wishes, const std::string& partial) {
    for (const char* file : {backup_file, sqlite_file}) {
        if (!std::filesystem::exists(wishes.from + file)) {
            return Error{
                .facts = wishes.from + " is no backup, or not a whole one: it has no " +
                         std::string(file + 1) + "."
            };
        }
    }
    std::error_code error;
    if (std::filesystem::exists(wishes.data) && !std::filesystem::is_empty(wishes.data, error)) {
        return Error{.facts = wishes.data + " is not empty."};
    }
    return std::filesystem::exists(partial)
               ? Error{.facts = partial + " is there already, of a restore that was interrupted or is "
                                          "under way. Was it interrupted, remove it."}
               : ok();
}

Result<void> copy_small(const std::string& from, const std::string& to) {
    const UniqueFd source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source) {
        return system_error(errno, "open " + from);
    }
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const UniqueFd target(::open(to.c_str(), flags, S_IRUSR | S_IWUSR));
    if (!target) {
        return system_error(errno, "open " + to);
    }
    auto copied = disk::copy_file(source.get(), target.get());
    return copied ? ok() : Result<void>(std::move(copied).error());
}

struct Restored {
    FsckCounts counts;
    std::size_t problems = 0;
    bool needs_secret = false;
};

Result<Restored> copy_all(const Wishes& wishes, const std::string& partial) {
    if (auto made = make_data_directory(partial); !made) {
        return std::move(made).error();
    }
    if (auto copied = copy_small(wishes.from + sqlite_file, partial + sqlite_file); !copied) {
        return std::move(copied).error();
    }
    if (!wishes.key_file.empty()) {
        if (auto copied = copy_small(wishes.key_file, partial + secret_file); !copied) {
            return std::move(copied).error();
        }
    }
    const auto rows = open_stores("sqlite", partial);
    if (!rows) {
        return rows.error();
    }
    auto copy = DirectoryCopy::between(wishes.from, partial);
    if (!copy) {
        return std::move(copy).error();
    }
    if (auto copied = copy->copy(*rows->metadata); !copied) {
        return std::move(copied).error();
    }
    Restored restored;
    const auto counts = check_bytes(*rows->metadata, partial, [&](const FsckProblem& problem) {
        if (problem.upload.value != 0) {
            ++restored.problems;
            std::fprintf(
                stderr,
                "sluice: restore: upload %s: %s: %s\n",
                problem.upload.text().c_str(),
                problem.kind.c_str(),
                problem.facts.c_str()
            );
        }
    });
    if (!counts) {
        return counts.error();
    }
    restored.counts = *counts;
    const auto keys = rows->keys->list();
    restored.needs_secret = keys && !keys->empty() && wishes.key_file.empty();
    auto synced = copy->sync();
    return synced ? Result<Restored>(restored) : std::move(synced).error();
}

int run(Wishes wishes) {
    while (wishes.data.size() > 1 && wishes.data.ends_with('/')) {
        wishes.data.pop_back();
    }
    const std::string partial = wishes.data + ".partial";
    if (auto possible = check_is_possible(wishes, partial); !possible) {
        return fail(possible.error());
    }
    const auto restored = copy_all(wishes, partial);
    if (!restored) {
        std::error_code ignored;
        std::filesystem::remove_all(partial, ignored);
        return fail(restored.error());
    }
    if (auto placed = put_in_place(partial, wishes.data); !placed) {
        return fail(placed.error());
    }
    std::printf(
        "%llu uploads, %llu segments with %llu bytes, %llu outputs: %s\n",
        static_cast<unsigned long long>(restored->counts.uploads),
        static_cast<unsigned long long>(restored->counts.segments),
        static_cast<unsigned long long>(restored->counts.bytes),
        static_cast<unsigned long long>(restored->counts.outputs),
        restored->problems == 0 ? "all is well" : "some are damaged"
    );
    if (restored->needs_secret) {
        std::printf(
            "its keys need the file keys.secret of then, in %s, before the server starts\n",
            wishes.data.c_str()
        );
    }
    return restored->problems == 0 ? exit_done : exit_damaged;
}

}  // namespace

int restore_command(const std::vector<std::string>& words, const Environment& environment) {
    const auto arguments = flags_of("restore", words, rules, help_text);
    if (!arguments) {
        return arguments.error();
    }
    if (!arguments->has("--from") || arguments->value("--from").empty()) {
        return cli::usage_error(std::cerr, "--from names what sluice backup made", "restore");
    }
    return run({
        .from = arguments->value("--from"),
        .data = told_data(*arguments, environment),
        .key_file = arguments->has("--key-file") ? arguments->value("--key-file") : std::string(),
    });
}

}  // namespace sluice::server
