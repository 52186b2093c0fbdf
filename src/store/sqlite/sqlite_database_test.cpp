#include "store/sqlite/sqlite_database.hpp"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <string>

#include "store/sqlite/connection.hpp"
#include "store/sqlite/write_queue.hpp"
#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

std::size_t allocated() {
    const auto heap = ::mallinfo2();
    return heap.uordblks + heap.hblkhd;
}

Result<void> add_row(sqlite::Connection& connection, const std::string& text) {
    auto done = connection.execute("INSERT INTO filler VALUES (?1)", std::string_view(text));
    return done ? ok() : Result<void>(std::move(done).error());
}

// Else each open upload would cost its pages until that is full, long after the others' caches are.
TEST(SqliteDatabase, TheWriterHoldsOneMiBOfPagesHoweverMuchIsWritten) {
    const TemporaryFolder folder;
    auto database = SqliteDatabase::open(folder.path("sluice.db"), {.strict = false});
    ASSERT_TRUE(database) << database.error().detail;
    sqlite::WriteQueue& writer = (*database)->writer();
    ASSERT_TRUE(writer.perform([](sqlite::Connection& connection) {
        return connection.script("CREATE TABLE filler (text TEXT)");
    }));
    const std::string text(3000, 'x');
    const std::size_t before = allocated();
    for (int i = 0; i < 2000; ++i) {
        ASSERT_TRUE(writer.perform([&](sqlite::Connection& connection) {
            return add_row(connection, text);
        }));
    }
    const std::size_t after = allocated();
    EXPECT_LT(after - std::min(after, before), 1'500'000U);
}

}  // namespace
}  // namespace sluice
