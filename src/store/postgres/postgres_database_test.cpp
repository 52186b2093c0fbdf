#include "store/postgres/postgres_database.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <utility>

#include "store/metadata_store_suite.hpp"
#include "store/postgres/migrations.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/test_postgres.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using postgres::Session;

std::shared_ptr<PostgresDatabase> opened(const std::string& url, PostgresOptions options = {}) {
    auto database = PostgresDatabase::open(url, options);
    EXPECT_TRUE(database) << database.error().detail << database.error().facts;
    return database ? *std::move(database) : nullptr;
}

TEST(PostgresDatabase, ManyWhoOpenItAtOnceMigrateItOnce) {
    const std::string url = TestPostgres::shared().make_database();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&url] { opened(url); });
    }
    threads.clear();
    const auto version = opened(url)->query("SELECT version FROM schema_version");
    ASSERT_EQ(version->size(), 1);
    EXPECT_EQ(version->front().number(0), postgres::migrations().size());
}

TEST(PostgresDatabase, ASchemaOfANewerProgramIsRefused) {
    const std::string url = TestPostgres::shared().make_database();
    ASSERT_TRUE(opened(url)->execute("UPDATE schema_version SET version = 99"));
    const auto refused = PostgresDatabase::open(url);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().facts.find("its schema is 99"), std::string::npos);
}

TEST(PostgresDatabase, AnUnreachableServerIsAClearError) {
    const auto refused = PostgresDatabase::open("postgres://127.0.0.1:1/none");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::database_unavailable);
    EXPECT_NE(refused.error().facts.find("Connection refused"), std::string::npos);
    EXPECT_GT(refused.error().retry_after, 0s);
}

TEST(PostgresDatabase, OptionsOfTheUrlAreKeptAndTakeNoSyncAway) {
    const std::string url = TestPostgres::shared().make_database();
    const std::string mark = url.find('?') == std::string::npos ? "?" : "&";
    const auto database = opened(
        url + mark + "options=-csynchronous_commit%3Doff%20-cwork_mem%3D7MB%20-clock_timeout%3D123"
    );
    EXPECT_EQ(database->query("SHOW synchronous_commit")->front().text(0), "on");
    EXPECT_EQ(database->query("SHOW work_mem")->front().text(0), "7MB");
    EXPECT_EQ(database->query("SHOW lock_timeout")->front().text(0), "123ms");
    EXPECT_NE(database->query("SHOW statement_timeout")->front().text(0), "0");
}

TEST(PostgresDatabase, WhatFailsIsRolledBack) {
    const auto database = opened(TestPostgres::shared().make_database());
    const auto refused = database->perform([](Session& session) -> Result<void> {
        session.execute("INSERT INTO installation VALUES ('a', 'b')");
        return Error{.code = ErrorCode::quota_exceeded};
    });
    EXPECT_EQ(code_of(refused), ErrorCode::quota_exceeded);
    const auto failed = database->perform([](Session& session) -> Result<void> {
        session.send("INSERT INTO installation VALUES ('a', 'b')");
        session.send("SELECT 1 / 0");
        session.send("INSERT INTO installation VALUES ('c', 'd')");
        return ok();
    });
    EXPECT_EQ(code_of(failed), ErrorCode::storage_failed);
    EXPECT_EQ(database->query("SELECT count(*) FROM installation")->front().number(0), 0u);
}

// Two who read and write the same rows in opposite order: one is the victim, and comes back.
TEST(PostgresDatabase, ADeadlockIsTriedAgain) {
    const auto database = opened(TestPostgres::shared().make_database());
    ASSERT_TRUE(database->execute("INSERT INTO installation VALUES ('a', '0'), ('b', '0')"));
    std::atomic<int> runs = 0;
    const auto add = [&](const char* first, const char* second) {
        return database->perform([&, first, second](Session& session) {
            session.execute(first);
            if (++runs <= 2) {
                std::this_thread::sleep_for(200ms);
            }
            session.execute(second);
            return ok();
        });
    };
    const char* on_a = "UPDATE installation SET value = (value::int + 1)::text WHERE key = 'a'";
    const char* on_b = "UPDATE installation SET value = (value::int + 1)::text WHERE key = 'b'";
    Result<void> other = ok();
    {
        const std::jthread beside([&] { other = add(on_b, on_a); });
        EXPECT_TRUE(add(on_a, on_b));
    }
    EXPECT_TRUE(other);
    EXPECT_EQ(runs, 3);
    EXPECT_EQ(database->load().repeated, 1u);
    EXPECT_EQ(
        database->query("SELECT count(*) FROM installation WHERE value = '2'")->front().number(0),
        2u
    );
}

TEST(PostgresDatabase, FindsTheServerAgainAfterItWasAway) {
    TestPostgres server;
    const auto database = opened(server.make_database(), {.connections = 4});
    PostgresMetadataStore store(database);
    ASSERT_TRUE(store.create(open_upload(7)));
    server.crash();
    EXPECT_EQ(code_of(store.find(alice(), {7})), ErrorCode::database_unavailable);
    EXPECT_EQ(
        code_of(store.add_segment({7}, segment_of(7, 0, 40), {}, store_test_now)),
        ErrorCode::database_unavailable
    );
    EXPECT_TRUE(database->load().is_down);
    server.start();
    std::this_thread::sleep_for(300ms);
    const auto found = store.find(alice(), {7});
    EXPECT_TRUE(found) << found.error().detail;
    EXPECT_TRUE(store.add_segment({7}, segment_of(7, 0, 40), {}, store_test_now));
}

TEST(PostgresDatabase, AConnectionThatDiedWhileIdleIsNotGivenOut) {
    TestPostgres server;
    const auto database = opened(server.make_database(), {.connections = 4});
    PostgresMetadataStore store(database);
    ASSERT_TRUE(store.create(open_upload(7)));
    server.crash();
    server.start();
    EXPECT_TRUE(store.add_segment({7}, segment_of(7, 0, 40), {}, store_test_now));
}

TEST(PostgresDatabase, WaitsForAConnectionOnlySoLong) {
    const std::string url = TestPostgres::shared().make_database();
    const auto database = opened(url, {.connections = 1, .borrow = 1s});
    const auto done = database->perform([&](Session& session) {
        EXPECT_FALSE(session.query("SELECT 1").empty());
        EXPECT_EQ(code_of(database->query("SELECT 2")), ErrorCode::database_unavailable);
        EXPECT_EQ(database->load().connections, 1u);
        EXPECT_EQ(database->load().idle, 0u);
        return ok();
    });
    EXPECT_TRUE(done);
    EXPECT_TRUE(database->query("SELECT 3"));
}

// A role that may have two connections only, as where others use up max_connections.
std::string of_few_connections() {
    const std::string url = TestPostgres::shared().make_database();
    const auto owner = opened(url, {.connections = 1});
    EXPECT_TRUE(owner->execute(
        "DO $$ BEGIN IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'few') THEN "
        "CREATE ROLE few LOGIN CONNECTION LIMIT 2; END IF; END $$"
    ));
    EXPECT_TRUE(owner->execute(
        "DO $$ BEGIN "
        "GRANT ALL ON SCHEMA public TO few; GRANT ALL ON ALL TABLES IN SCHEMA public TO few; END $$"
    ));
    return url + "&user=few";
}

TEST(PostgresDatabase, WhereTheServerGivesFewerConnectionsThoseThatThereAreServe) {
    const auto database = opened(of_few_connections(), {.connections = 8, .more_pause = 100ms});
    std::atomic<int> done = 0;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
        threads.emplace_back([&] {
            for (int call = 0; call < 4; ++call) {
                const auto slept = database->query("SELECT pg_sleep(0.05)");
                done += slept ? 1 : 0;
                EXPECT_TRUE(slept) << slept.error().facts << slept.error().detail;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(done, 32);
    const auto load = database->load();
    EXPECT_EQ(load.connections, 2u);
    EXPECT_FALSE(load.is_down);
}

// A join of very many pieces takes longer than any one statement may.
TEST(PostgresDatabase, AFlightMayTakeAsLongAsAnswersCome) {
    const std::string url = TestPostgres::shared().make_database();
    const auto database = opened(url, {.times = {.statement = 1s, .grace = 0s}});
    const auto done = database->perform([](Session& session) {
        for (int i = 0; i < 60; ++i) {
            session.send("SELECT pg_sleep(0.04)");
        }
        session.finish();
        return ok();
    });
    EXPECT_TRUE(done) << done.error().detail;
}

TEST(PostgresDatabase, OnlyTheKeysByWhichCallersMeetAreConflicts) {
    const auto database = opened(TestPostgres::shared().make_database());
    PostgresMetadataStore store(database);
    ASSERT_TRUE(store.create(open_upload(7)));
    EXPECT_EQ(code_of(store.create(open_upload(7))), ErrorCode::store_conflict);
    const char* twice = "INSERT INTO installation VALUES ('a', 'b'), ('a', 'c')";
    EXPECT_EQ(code_of(database->execute(twice)), ErrorCode::storage_failed);
}

// It broke between being given out and being used.
TEST(PostgresDatabase, ASnapshotOnADeadConnectionIsTakenAgain) {
    const std::string url = TestPostgres::shared().make_database();
    const auto database = opened(url, {.connections = 4});
    const auto other = opened(url, {.connections = 1});
    bool is_first = true;
    const auto read = database->snapshot([&](Session& session) {
        if (std::exchange(is_first, false)) {
            EXPECT_TRUE(other->query(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = "
                "current_database() AND pid <> pg_backend_pid()"
            ));
        }
        session.send("SELECT 7");
        session.send("SELECT 8");
    });
    ASSERT_TRUE(read) << read.error().detail;
    ASSERT_EQ(read->size(), 2u);
    EXPECT_EQ(read->back().front().number(0), 8u);
}

TEST(PostgresDatabase, AStatementThatTakesTooLongIsEnded) {
    const std::string url = TestPostgres::shared().make_database();
    const auto database = opened(url, {.times = {.statement = 1s}});
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_EQ(code_of(database->query("SELECT pg_sleep(20)")), ErrorCode::database_unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    EXPECT_TRUE(database->query("SELECT 1")) << "the connection lives on";
}

TEST(PostgresDatabase, TextThatIsNotUtf8IsStoredWithReplacements) {
    const auto database = opened(TestPostgres::shared().make_database());
    PostgresMetadataStore store(database);
    Upload upload = open_upload(7);
    upload.file_name = std::string("a\xFF\0b", 4);
    ASSERT_TRUE(store.create(upload));
    EXPECT_EQ(store.find(alice(), {7})->file_name, "a\uFFFD\uFFFDb");
}

}  // namespace
}  // namespace sluice
