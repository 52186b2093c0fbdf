#include <gtest/gtest.h>
#include <sqlite3.h>

#include "store/sqlite/connection.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/sqlite_database.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

constexpr const char* writes_schema =
    "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = sql";

// Past the store.
int code_of_sql(const std::string& path, const char* text) {
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
    const int code = sqlite3_exec(database, text, nullptr, nullptr, nullptr);
    sqlite3_close(database);
    return code;
}

int be_defensive(sqlite3* database, char**, const sqlite3_api_routines*) {
    return sqlite3_db_config(database, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
}

// As each connection of a library that was built with SQLITE_DEFAULT_DEFENSIVE is.
class DefensiveLibrary {
  public:
    DefensiveLibrary() { EXPECT_EQ(sqlite3_auto_extension(entry), SQLITE_OK); }
    DefensiveLibrary(const DefensiveLibrary&) = delete;
    DefensiveLibrary& operator=(const DefensiveLibrary&) = delete;
    ~DefensiveLibrary() { sqlite3_cancel_auto_extension(entry); }

  private:
    // So the interface wants it.
    static inline void (*const entry)() = reinterpret_cast<void (*)()>(&be_defensive);
};

TEST(SchemaWrites, AreDoneByAMigrationThoughTheLibraryIsDefensive) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    constexpr std::size_t before = 15;
    for (const char* script : sqlite::migrations().first(before)) {
        ASSERT_EQ(code_of_sql(path, script), SQLITE_OK);
    }
    const DefensiveLibrary library;
    EXPECT_NE(code_of_sql(path, writes_schema), SQLITE_OK) << "the test sees it";
    const auto database = SqliteDatabase::open(path, {});
    ASSERT_TRUE(database) << database.error().detail;
    auto connection = sqlite::Connection::open(path);
    ASSERT_TRUE(connection);
    auto row = (*connection)->query("SELECT sql FROM sqlite_schema WHERE name = 'uploads'");
    ASSERT_TRUE(row && row->step());
    EXPECT_NE(row->text(0).find("CHECK (state = 'open' OR"), std::string::npos) << row->text(0);
}

TEST(SchemaWrites, AreDoneByNothingElse) {
    const TemporaryFolder folder;
    const std::string path = folder.path("sluice.db");
    ASSERT_TRUE(SqliteDatabase::open(path, {}));
    EXPECT_EQ(code_of_sql(path, writes_schema), SQLITE_OK) << "the test sees it";
    const auto connection = sqlite::Connection::open(path);
    ASSERT_TRUE(connection);
    EXPECT_FALSE((*connection)->script(writes_schema));
}

}  // namespace
}  // namespace sluice
