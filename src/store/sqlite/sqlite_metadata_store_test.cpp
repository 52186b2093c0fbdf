#include "store/sqlite/sqlite_metadata_store.hpp"

#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <random>
#include <thread>

#include "store/metadata_store_suite.hpp"
#include "store/small_disk.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/statements.hpp"
#include "store/sqlite/write_queue.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

using std::chrono::seconds;

std::unique_ptr<SqliteMetadataStore> opened(const std::string& path) {
    auto store = SqliteMetadataStore::open(path);
    EXPECT_TRUE(store) << store.error().detail << store.error().facts;
    return store ? *std::move(store) : nullptr;
}

struct SqliteMetadata final : MetadataStoreUnderTest {
    MetadataStore& store() override { return *sqlite; }
    TemporaryFolder folder;
    std::unique_ptr<SqliteMetadataStore> sqlite = opened(folder.path("sluice.db"));
};

INSTANTIATE_TEST_SUITE_P(Sqlite, MetadataStoreSuite, testing::Values([] {
                             return std::make_unique<SqliteMetadata>();
                         }));

// Runs SQL on the file, past the store; returns the first column of the first row.
std::string sql(const std::string& path, const std::string& text) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    std::string first;
    const auto keep = [](void* to, int, char** values, char**) {
        *static_cast<std::string*>(to) = values[0] == nullptr ? "" : values[0];
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), keep, &first, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    return first;
}

void write_filler(const std::string& path) {
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    const std::string text(50'000, 'x');
    EXPECT_EQ(std::fwrite(text.data(), 1, text.size(), file), text.size());
    std::fclose(file);
}

TEST(SqliteMetadataStore, EverythingIsThereAfterReopening) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    Upload upload = open_upload(7);
    upload.state = UploadState::queued;
    upload.received = upload.total;
    upload.segments_received = 1;
    const Segment segment = segment_of(7, 0, 100);
    {
        const auto store = opened(path);
        ASSERT_TRUE(store->create_whole(upload, segment, job_of(7, store_test_now)));
        ASSERT_TRUE(store->claim_job(Lane::film, "slot", store_test_now, seconds{30}));
    }
    const auto store = opened(path);
    const auto found = store->find_with_segments(alice(), {7});
    ASSERT_TRUE(found);
    EXPECT_EQ(found->upload, *upload.claimed(store_test_now));
    EXPECT_EQ(found->segments.at({0}), segment);
    EXPECT_EQ(*store->release_jobs_of("slot", store_test_now), 1u);
    const auto job = store->claim_job(Lane::film, "slot", store_test_now, seconds{30});
    ASSERT_TRUE(job && *job);
    EXPECT_EQ((*job)->fence, 2u) << "the fence rises over restarts";
}

TEST(SqliteMetadataStore, AJobWithoutAnUploadDoesNotStopTheQueue) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    const auto store = opened(path);
    Upload upload = open_upload(7);
    upload.state = UploadState::queued;
    upload.received = upload.total;
    upload.segments_received = 1;
    ASSERT_TRUE(store->create_whole(upload, segment_of(7, 0, 100), job_of(7, store_test_now)));
    sql(path,
        "PRAGMA foreign_keys = OFF; INSERT INTO jobs (id, media, run_at, cost_expected_ms, "
        "attempt, "
        "fence, state) VALUES (1, 1, 0, 0, 0, 0, 'waiting')");
    const auto job = store->claim_job(Lane::film, "slot", store_test_now, seconds{30});
    ASSERT_TRUE(job && *job);
    EXPECT_EQ((*job)->id.value, 7u);
}

TEST(SqliteMetadataStore, TheFilesAreForTheOwnerOnly) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("sluice.db"));
    ASSERT_TRUE(store->create(open_upload(7)));
    for (const char* name : {"sluice.db", "sluice.db-wal", "sluice.db-shm"}) {
        struct stat status{};
        ASSERT_EQ(::stat(folder.path(name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode & 0777, 0600u) << name;
    }
}

TEST(SqliteMetadataStore, ANewerSchemaIsRefusedWithAClearMessage) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    opened(path).reset();
    EXPECT_EQ(sql(path, "PRAGMA user_version"), std::to_string(sqlite::migrations().size()));
    sql(path, "PRAGMA user_version = 4711");
    const auto refused = SqliteMetadataStore::open(path);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage_failed);
    EXPECT_NE(refused.error().facts.find("newer version of Sluice"), std::string::npos);
    EXPECT_NE(refused.error().facts.find("4711"), std::string::npos);
    EXPECT_EQ(sql(path, "PRAGMA user_version"), "4711") << "untouched";
}

int refusal_of(const std::string& path, const std::string& text) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    const int code = sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr);
    sqlite3_close(database);
    return code;
}

// How many tables in memory a statement makes before it begins; how SQLite explains it.
int tables_made_by(const std::string& path, const char* statement) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    int count = 0;
    const auto look = [](void* to, int, char** values, char**) {
        *static_cast<int*>(to) += std::string_view(values[1]) == "OpenEphemeral" ? 1 : 0;
        return 0;
    };
    const std::string text = std::string("EXPLAIN ") + statement;
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), look, &count, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    return count;
}

TEST(SqliteMetadataStore, WhatARowMayHoldIsTheSameInADatabaseThatWasBroughtAlong) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    constexpr std::size_t before = 15;
    for (const char* script : sqlite::migrations().first(before)) {
        sql(path, script);
    }
    sql(path,
        "INSERT INTO uploads (id, owner, category, category_given, media_type, file_name, total, "
        "one_shot, state, received, segments_received, progress_percent, progress_step, attempts, "
        "content_type, content_width, content_height, created_at, changed_at, expires_at, "
        "has_bytes) VALUES (7, 'alice', 'tweet_video', 1, 'video/mp4', '', 100, 0, 'open', 0, 0, "
        "0, "
        "'', 0, '', 0, 0, 1, 1, 1, 1)");
    EXPECT_GT(tables_made_by(path, sqlite::insert_upload_sql), 0) << "the test sees them";
    const auto store = opened(path);
    EXPECT_EQ(store->due_for_expiry(store_test_now, 10)->size(), 1u);
    EXPECT_EQ(tables_made_by(path, sqlite::insert_upload_sql), 0);
    for (const char* wrong : {"state = 'closed'", "kind = 'whole'", "received = 101"}) {
        const std::string change = std::string("UPDATE uploads SET ") + wrong;
        EXPECT_EQ(refusal_of(path, change), SQLITE_CONSTRAINT) << wrong;
    }
    for (const char* right : {"sealed", "queued", "processing", "ready", "failed", "cancelled"}) {
        sql(path, std::string("UPDATE uploads SET state = '") + right + "'");
    }
    for (const char* right : {"stream", "part", "joined", "segments"}) {
        sql(path, std::string("UPDATE uploads SET kind = '") + right + "'");
    }
    EXPECT_EQ(sql(path, "PRAGMA integrity_check"), "ok");
}

TEST(SqliteMetadataStore, ExpiryIsFoundByItsIndex) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    opened(path).reset();
    const std::string without_index = "DROP INDEX uploads_by_expiry";
    EXPECT_EQ(tables_made_by(path, sqlite::due_for_expiry_sql), 0) << "nothing is sorted";
    sql(path, without_index);
    EXPECT_GT(tables_made_by(path, sqlite::due_for_expiry_sql), 0) << "the test sees it";
}

TEST(SqliteMetadataStore, AFileThatIsNoDatabaseIsRefused) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    FILE* file = std::fopen(path.c_str(), "w");
    ASSERT_NE(file, nullptr);
    for (int i = 0; i < 2000; ++i) {
        std::fputs("no database ", file);
    }
    std::fclose(file);
    EXPECT_EQ(code_of(SqliteMetadataStore::open(path)), ErrorCode::storage_failed);
    EXPECT_FALSE(SqliteMetadataStore::open(folder.path("no/such/folder/sluice.db")));
}

TEST(SqliteMetadataStore, WritersWhoComeTogetherShareACommit) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("sluice.db"));
    constexpr std::uint64_t threads_count = 16;
    constexpr std::uint64_t each = 50;
    std::atomic<int> refused = 0;
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < threads_count; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 0; i < each; ++i) {
                refused += store->create(open_upload(1 + t * each + i)) ? 0 : 1;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(refused, 0);
    EXPECT_EQ(store->totals()->uploads_open, threads_count * each);
    EXPECT_LT(store->commits(), threads_count * each / 2);
}

// What SQLite would do at the COMMIT of this piece: 1 is NORMAL, 2 is FULL.
std::int64_t sync_within(sqlite::WriteQueue& queue, sqlite::Survives survives) {
    std::int64_t level = -1;
    const auto done = queue.perform(
        [&level](sqlite::Connection& connection) -> Result<void> {
            auto row = connection.query("PRAGMA synchronous");
            EXPECT_TRUE(row && row->step());
            level = row->integer(0);
            return ok();
        },
        survives
    );
    EXPECT_TRUE(done);
    return level;
}

TEST(WriteQueue, SyncsWhatMustSurvivePowerLossAlsoWhenRelaxed) {
    using sqlite::Survives;
    for (const bool is_strict : {true, false}) {
        const TemporaryFolder folder;
        const std::string path = folder.path("sluice.db");
        ASSERT_TRUE(SqliteMetadataStore::open(path));
        sqlite::WriteQueue queue(*sqlite::Connection::open(path), is_strict);
        for (int round = 0; round < 2; ++round) {
            EXPECT_EQ(sync_within(queue, Survives::as_configured), is_strict ? 2 : 1);
            EXPECT_EQ(sync_within(queue, Survives::power_loss), 2);
        }
    }
}

// What one store object remembers against another that reads all of it anew.
class QueueOfJobs : public testing::Test {
  protected:
    void add(std::uint64_t id) {
        Upload upload = open_upload(id);
        upload.state = UploadState::queued;
        upload.received = upload.total;
        upload.segments_received = 1;
        NewJob job = job_of(id, store_test_now);
        job.cost_expected = seconds{1 + random() % 5};
        job.rank = store_test_now + seconds{random() % 1000};
        ASSERT_TRUE(store.create_whole(upload, segment_of(id, 0, 100), job));
    }
    void claim() {
        auto leased = store.claim_job(Lane::film, "slot", store_test_now, seconds{30});
        ASSERT_TRUE(leased);
        running = *leased ? *std::move(leased) : std::move(running);
    }
    void end_what_runs() {
        if (!running) {
            return;
        }
        const JobId id = running->id;
        if (random() % 2 == 0) {
            ASSERT_TRUE(store.release_job(id, running->fence, store_test_now, Counted::not_at_all));
        } else {
            ASSERT_TRUE(store.finish_job(
                id, running->fence, *running->upload.succeeded({}, store_test_now), {}
            ));
        }
        running.reset();
    }
    void cancel(std::uint64_t id) {
        const auto found = store.find(alice(), {id});
        if (found && found->state == UploadState::queued) {
            ASSERT_TRUE(
                store.change(*found->cancelled(store_test_now), UploadState::queued, std::nullopt)
            );
        }
    }
    void compare(std::uint64_t id) {
        SqliteMetadataStore other(database);
        const auto told = store.queue_position({id}, store_test_now);
        const auto expected = other.queue_position({id}, store_test_now);
        ASSERT_EQ(told.has_value(), expected.has_value()) << id;
        if (told) {
            EXPECT_EQ(told->cost_expected, expected->cost_expected) << id;
            EXPECT_EQ(told->running, expected->running) << id;
            EXPECT_EQ(told->ahead, expected->ahead) << id;
        }
    }

    TemporaryFolder folder;
    std::shared_ptr<SqliteDatabase> database =
        SqliteDatabase::open(folder.path("sluice.db"), {.strict = false}).value();
    SqliteMetadataStore store{database};
    std::optional<LeasedJob> running;
    std::mt19937 random{7};
};

TEST_F(QueueOfJobs, IsToldAsItIsWhateverWasCountedBefore) {
    std::uint64_t last = 0;
    for (int step = 0; step < 300; ++step) {
        const auto what = random() % 10;
        if (what < 6) {
            add(++last);
            compare(last);
        } else if (what < 8) {
            claim();
        } else if (what < 9) {
            end_what_runs();
        } else if (last > 0) {
            cancel(1 + random() % last);
        }
        for (int i = 0; i < 2 && last > 0; ++i) {
            compare(1 + random() % last);
        }
        ASSERT_FALSE(HasFailure()) << "step " << step;
    }
}

TEST(SqliteMetadataStore, OneWhoFailsInABatchFailsAlone) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("sluice.db"));
    std::atomic<int> conflicts = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (std::uint64_t id = 1; id <= 50; ++id) {
                conflicts += store->create(open_upload(id)) ? 0 : 1;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(store->totals()->uploads_open, 50u);
    EXPECT_EQ(conflicts, 8 * 50 - 50);
}

TEST(SqliteMetadataStore, AReaderSeesNoHalfOfAChange) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("sluice.db"));
    ASSERT_TRUE(store->create(open_upload(7, 200)));
    std::atomic<bool> is_done = false;
    std::jthread writer([&] {
        for (std::uint16_t i = 0; i < 200; ++i) {
            EXPECT_TRUE(store->add_segment({7}, segment_of(7, i, 1), {}, store_test_now));
        }
        is_done = true;
    });
    while (!is_done) {
        const auto seen = store->find_any({7});
        ASSERT_TRUE(seen);
        ASSERT_EQ(seen->upload.segments_received, seen->segments.size());
    }
}

TEST(SqliteMetadataStore, AnIoErrorStopsWritesForGoodAndReadsGoOn) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    auto store = opened(path);
    ASSERT_TRUE(store->create(open_upload(1)));
    {
        // The log may not grow: SQLite meets EFBIG, which it reports as SQLITE_IOERR_WRITE.
        const FileSizeLimit limit(std::filesystem::file_size(path + "-wal"));
        EXPECT_EQ(code_of(store->create(open_upload(2))), ErrorCode::storage_failed);
    }
    EXPECT_EQ(code_of(store->create(open_upload(3))), ErrorCode::storage_failed)
        << "the disk is well again, but nobody knows what it holds";
    EXPECT_TRUE(store->find(alice(), {1}));
    EXPECT_EQ(code_of(store->find(alice(), {2})), ErrorCode::store_not_found);
    store.reset();
    store = opened(path);
    EXPECT_TRUE(store->find(alice(), {1}));
    EXPECT_EQ(code_of(store->find(alice(), {2})), ErrorCode::store_not_found);
    EXPECT_TRUE(store->create(open_upload(3))) << "a restart reads from the disk again";
}

TEST(SqliteMetadataStore, AFullDiskIsToldAndWritesGoOnWhenThereIsSpaceAgain) {
    const TemporaryFolder folder;
    const SmallDisk disk(folder.path());
    if (!disk.is_mounted()) {
        GTEST_SKIP() << "needs root, to mount a small file system";
    }
    const auto store = opened(folder.path("sluice.db"));
    write_filler(folder.path("filler"));
    std::uint64_t id = 1;
    Result<void> created = ok();
    while (created && id < 10'000) {
        created = store->create(open_upload(id++));
    }
    EXPECT_EQ(code_of(created), ErrorCode::storage_full);
    EXPECT_EQ(store->totals()->uploads_open, id - 2) << "all that were acknowledged, no other";
    std::filesystem::remove(folder.path("filler"));
    EXPECT_TRUE(store->create(open_upload(id)));
}

}  // namespace
}  // namespace sluice
