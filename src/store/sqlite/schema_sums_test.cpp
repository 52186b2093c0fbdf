// The sums that triggers keep.
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <string>

#include "store/metadata_store_suite.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite_metadata_store.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

// Past the store.
void run(const std::string& path, const std::string& text) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, text.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
}

// What triggers had summed up before goes on with those of now.
TEST(SchemaSums, SumsGoOnInADatabaseThatWasBroughtAlong) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    constexpr std::size_t before = 17;
    for (const char* script : sqlite::migrations().first(before)) {
        run(path, script);
    }
    for (const char* id : {"7", "8"}) {
        run(path,
            std::string("INSERT INTO uploads (id, owner, category, category_given, media_type, ") +
                "file_name, total, one_shot, state, received, segments_received, "
                "progress_percent, progress_step, attempts, content_type, content_width, "
                "content_height, created_at, changed_at, expires_at, has_bytes) VALUES (" +
                id + ", '" + alice().id +
                "', 'tweet_video', 1, 'video/mp4', '', 100, 0, 'open', 0, 0, 0, '', 0, "
                "'', 0, 0, 1, 1, 9000000000000, 1)");
    }
    const auto store = SqliteMetadataStore::open(path).value();
    EXPECT_EQ(store->promised()->value, 200u);
    EXPECT_EQ(store->totals()->uploads_open, 2u);
    const auto stands = store->find(alice(), {7});
    ASSERT_TRUE(stands);
    ASSERT_TRUE(
        store->add_segment({7}, {{0}, {{7}, {0}, {100}}, 1, store_test_now}, {}, store_test_now)
    );
    EXPECT_EQ(store->promised()->value, 100u) << "it has its place now";
    ASSERT_TRUE(store->drop_segments({7}, {{0}}, store_test_now));
    EXPECT_EQ(store->promised()->value, 200u);
    ASSERT_TRUE(store->change(stands->cancelled(store_test_now).value(), UploadState::open, {}));
    EXPECT_EQ(store->promised()->value, 100u);
    EXPECT_EQ(store->usage_of(alice())->uploads_open, 1u);
}

// The statements keep no journal of their own.
TEST(SchemaSums, WhatFailsInTheMiddleOfAStatementLeavesNothing) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    ASSERT_TRUE(SqliteMetadataStore::open(path));
    run(path,
        "CREATE TRIGGER fails AFTER UPDATE ON promised_space BEGIN SELECT RAISE(FAIL, 'on "
        "purpose'); END");
    const auto store = SqliteMetadataStore::open(path).value();
    const auto refused = store->create(open_upload(7));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage_failed);
    EXPECT_EQ(code_of(store->find(alice(), {7})), ErrorCode::store_not_found);
    EXPECT_EQ(store->usage_of(alice())->uploads_open, 0u);
    run(path, "DROP TRIGGER fails");
    ASSERT_TRUE(store->create(open_upload(7)));
    EXPECT_EQ(store->usage_of(alice())->uploads_open, 1u);
    EXPECT_EQ(store->promised(), open_upload(7).total);
}

}  // namespace
}  // namespace sluice
