#include "server/migrate_command.hpp"

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <iostream>

#include "base/json_writer.hpp"
#include "cli/error_text.hpp"
#include "server/bucket_mark.hpp"
#include "server/command_words.hpp"
#include "server/copy_rows.hpp"
#include "server/directory_mark.hpp"
#include "server/migrate_bytes.hpp"
#include "store/disk/data_directory.hpp"
#include "store/postgres/storage_mark.hpp"
#include "store/postgres/url.hpp"
#include "store/s3/location.hpp"
#include "store/sqlite/sqlite_database.hpp"

namespace sluice::server {
namespace {

constexpr int exit_done = 0;
constexpr int exit_undone = 3;

constexpr std::array<cli::FlagRule, 4> rules{
    cli::FlagRule{"--database", true},
    cli::FlagRule{"--data", true},
    cli::FlagRule{"--to", true},
    cli::FlagRule{"--json"},
};

constexpr const char* help_text = R"(sluice migrate --data DIR --to URL

  sluice migrate --data ./sluice-data --to postgres://sluice@db.internal:5432/sluice
  sluice migrate --data ./sluice-data --to "s3://media?endpoint=http://s3.internal:7480"

  --data DIR          the server's directory (SLUICE_SERVER_DATA; default ./sluice-data)
  --to URL            where to: an empty database of PostgreSQL (SLUICE_DATABASE_URL) for the rows, or an
                      empty S3 bucket, or prefix, for the bytes
  --database URL      of the bytes: where their rows are (SLUICE_DATABASE_URL; default sqlite)
  --json              one JSON line with the rows of each table, or with what was moved

To S3: every blob that a row names becomes an object; the files stay as blobs.migrated, and can go when all
is well. To go back, rename them and remove storage.id, which loses what came since.
To PostgreSQL: all rows go over in one transaction: uploads, open ones too, jobs, keys, timelines. The SQLite file stays as sluice.db.migrated; to go back, rename
it and remove postgres.id, which loses what came since (with the bytes in S3 say sluice fsck --take-bucket then). If it is interrupted, run it again. Exits 0 when it is
done, 3 if it cannot be done. No server may run on the directory meanwhile, and no node that shares it.
)";

struct Wishes {
    std::string data;
    std::string url;
    std::string database;  // of bytes
    bool is_json = false;
};

int fail(const Error& error) {
    const std::string& why = error.facts.empty() ? error.detail : error.facts;
    std::fprintf(stderr, "sluice: migrate: %s\n", why.c_str());
    return exit_undone;
}

void print(const std::vector<CopiedTable>& copied, const Wishes& wishes) {
    JsonWriter json;
    json.begin_object();
    for (const CopiedTable& table : copied) {
        json.member(table.name, table.rows);
        if (!wishes.is_json) {
            std::printf(
                "%-20s %llu\n", table.name.c_str(), static_cast<unsigned long long>(table.rows)
            );
        }
    }
    json.end_object();
    if (wishes.is_json) {
        std::printf("%s\n", json.take().c_str());
    } else {
        const std::string shown = postgres::shown_url(wishes.url);
        std::printf(
            "done; go on with  sluice serve --data %s --database %s%s\n",
            wishes.data.c_str(),
            shown.c_str(),
            mark_in(wishes.data + bucket_file).empty() ? "" : " --storage s3://… as before"
        );
    }
}

// With the schema of this program. Its log goes into the file when the database closes.
Result<std::vector<CopiedTable>> copy(
    const std::string& file, PostgresDatabase& to, const std::string& mark
) {
    const auto database = SqliteDatabase::open(file);
    if (!database) {
        return database.error();
    }
    const auto rows = sqlite::Connection::open(file);
    if (!rows) {
        return rows.error();
    }
    return copy_rows(**rows, to, mark);
}

// The mark comes first, so that no server begins on the directory while nobody knows where its rows
// are; it goes again if certainly nothing was copied.
Result<std::vector<CopiedTable>> marked_copy(const Wishes& wishes, PostgresDatabase& to) {
    std::string mark = read_mark(wishes.data);
    const auto known = storage_of(to);
    if (!known) {
        return known.error();
    }
    if (!mark.empty() && *known == mark) {
        return std::vector<CopiedTable>();  // an earlier run did it, and was interrupted then
    }
    const bool is_new = mark.empty();
    if (is_new) {
        // A bucket knows the rows by an id already.
        mark = mark_in(wishes.data + bucket_file);
        mark = mark.empty() ? new_mark() : mark;
        if (auto written = write_mark(wishes.data, mark); !written) {
            return std::move(written).error();
        }
    }
    auto copied = copy(wishes.data + sqlite_file, to, mark);
    const bool is_unknown = !copied && copied.error().code == ErrorCode::database_unavailable;
    if (is_unknown) {
        copied.error().facts += " Run it again: it goes on, or begins anew.";
    } else if (!copied && is_new) {
        std::error_code ignored;
        std::filesystem::remove(wishes.data + mark_file, ignored);
    }
    return copied;
}

Result<void> put_sqlite_aside(const std::string& data) {
    const std::string path = data + sqlite_file;
    if (std::rename(path.c_str(), (path + ".migrated").c_str()) != 0) {
        return system_error(errno, "rename " + path);
    }
    return sync_directory(data);
}

int move_to_bucket(const Wishes& wishes) {
    const std::string rows = wishes.database == "sqlite" ? sqlite_file : mark_file;
    if (!std::filesystem::exists(wishes.data + rows)) {
        return fail({.facts = "There is no database in " + wishes.data + "."});
    }
    const auto lock = DirectoryLock::take(wishes.data, SystemClock().now());
    if (!lock) {
        return fail(lock.error());
    }
    const auto tell = [](const MovedBytes& so_far) {
        std::fprintf(
            stderr,
            "%llu blobs, %llu bytes\n",
            static_cast<unsigned long long>(so_far.blobs),
            static_cast<unsigned long long>(so_far.bytes)
        );
    };
    const auto moved = move_bytes(wishes.data, wishes.database, wishes.url, tell);
    if (!moved) {
        return fail(moved.error());
    }
    JsonWriter json;
    json.begin_object().member("blobs", moved->blobs).member("bytes", moved->bytes);
    json.member("unnamed", moved->unnamed).end_object();
    if (wishes.is_json) {
        std::printf("%s\n", json.take().c_str());
        return exit_done;
    }
    tell(*moved);
    const std::string rows_in =
        wishes.database == "sqlite" ? "" : " --database " + postgres::shown_url(wishes.database);
    std::printf(
        "done; go on with  sluice serve --data %s%s --storage '%s'\n",
        wishes.data.c_str(),
        rows_in.c_str(),
        wishes.url.c_str()
    );
    return exit_done;
}

int migrate(const Wishes& wishes) {
    if (!std::filesystem::exists(wishes.data + sqlite_file)) {
        return fail({.facts = "There is no SQLite database in " + wishes.data + "."});
    }
    const auto lock = DirectoryLock::take(wishes.data, SystemClock().now());
    if (!lock) {
        return fail(lock.error());
    }
    const auto database = PostgresDatabase::open(wishes.url, {.connections = 2});
    if (!database) {
        return fail(database.error());
    }
    const auto copied = marked_copy(wishes, **database);
    if (!copied) {
        return fail(copied.error());
    }
    if (const auto aside = put_sqlite_aside(wishes.data); !aside) {
        return fail(aside.error());
    }
    print(*copied, wishes);
    return exit_done;
}

}  // namespace

int migrate_command(const std::vector<std::string>& words, const Environment& environment) {
    const auto arguments = flags_of("migrate", words, rules, help_text);
    if (!arguments) {
        return arguments.error();
    }
    const auto said = [&](const char* flag, const char* variable, const char* if_neither) {
        return told(*arguments, environment, flag, variable, if_neither);
    };
    const Wishes wishes{
        .data = told_data(*arguments, environment),
        .url = said("--to", "SLUICE_DATABASE_URL", ""),
        .database = said("--database", "SLUICE_DATABASE_URL", "sqlite"),
        .is_json = arguments->has("--json"),
    };
    if (wishes.url.starts_with("s3://") && s3::parse_location(wishes.url)) {
        return move_to_bucket(wishes);
    }
    if (!postgres::check_url(wishes.url)) {
        const std::string wanted =
            "--to must be a URL as postgres://USER@HOST:5432/DATABASE or "
            "s3://BUCKET?endpoint=http://HOST:PORT";
        return cli::usage_error(std::cerr, wanted, "migrate");
    }
    return migrate(wishes);
}

}  // namespace sluice::server
