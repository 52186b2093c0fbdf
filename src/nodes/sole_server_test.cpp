#include "nodes/sole_server.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "store/postgres/notifier.hpp"
#include "store/postgres/test_postgres.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

bool is_locked(const std::string& url) {
    const auto database = PostgresDatabase::open(url, {.connections = 1});
    const auto locks = database
                           ? (*database)->query(
                                 "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND "
                                 "classid = 7743"
                             )
                           : Result<postgres::Rows>(database.error());
    return locks && locks->front().integer(0) == 1;
}

std::unique_ptr<SoleServer> taken(const std::string& url, std::atomic<int>& replaced) {
    auto sole = SoleServer::take(url, [&replaced] { ++replaced; }, 0s);
    return sole ? *std::move(sole) : nullptr;
}

TEST(SoleServer, IsOneUntilItEnds) {
    const std::string url = TestPostgres::shared().make_database();
    std::atomic<int> replaced = 0;
    auto first = taken(url, replaced);
    ASSERT_NE(first, nullptr);
    const auto refused = SoleServer::take(url, [] {}, 0s);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage_failed);
    EXPECT_NE(refused.error().facts.find("Another server"), std::string::npos);
    EXPECT_NE(taken(TestPostgres::shared().make_database(), replaced), nullptr) << "of another";
    EXPECT_NE(taken(url + "&options=-csearch_path%3Dpg_catalog", replaced), nullptr)
        << "other tables";
    first.reset();
    EXPECT_TRUE(SoleServer::take(url, [] {}, 5s));
    EXPECT_EQ(replaced, 0);
}

TEST(SoleServer, TakesItsPlaceAgainWhenTheDatabaseIsBack) {
    TestPostgres postgres;
    const std::string url = postgres.make_database();
    std::atomic<int> replaced = 0;
    const auto first = taken(url, replaced);
    ASSERT_NE(first, nullptr);
    postgres.crash();
    postgres.start();
    bool is_held = false;
    for (int i = 0; i < 100 && !is_held && replaced == 0; ++i) {
        std::this_thread::sleep_for(100ms);
        is_held = is_locked(url);
    }
    EXPECT_TRUE(is_held);
    EXPECT_EQ(replaced, 0);
}

TEST(SoleServer, IsToldWhenAnotherHasTakenItsPlace) {
    TestPostgres postgres;
    const std::string url = postgres.make_database();
    std::atomic<int> replaced = 0;
    const auto first = taken(url, replaced);
    ASSERT_NE(first, nullptr);
    postgres.crash();
    postgres.start();
    auto line = PostgresNotifier::open(url);  // sooner than the first one looks again
    ASSERT_TRUE(line);
    const auto is_first = line->try_lock();  // if not, the place is kept, and nobody is to be told
    ASSERT_TRUE(is_first);
    for (int i = 0; i < 100 && replaced == 0 && *is_first; ++i) {
        std::this_thread::sleep_for(100ms);
    }
    EXPECT_EQ(replaced, *is_first ? 1 : 0);
}

}  // namespace
}  // namespace sluice
