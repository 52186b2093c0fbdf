#include "store/sqlite/write_queue.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <future>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include "store/sqlite/connection.hpp"
#include "store/temporary_folder.hpp"

namespace sluice::sqlite {
namespace {

// A database that is full, though its disk is not: of so many pages.
class FullDatabase : public testing::Test {
  protected:
    FullDatabase() {
        std::ofstream(folder_.path("full.db"));  // an empty one
        auto connection = *Connection::open(folder_.path("full.db"));
        EXPECT_TRUE(connection->script("CREATE TABLE texts (who INTEGER, text TEXT)"));
        connection_ = connection.get();
        limit_to(8);
        queue_.emplace(std::move(connection), true, [this](bool is_vital) {
            asked_.push_back(is_vital);
            if (gives_ == is_vital) {
                limit_to(1000);
            }
            return gives_ == is_vital;
        });
    }

    // On the queue's thread, or before it begins.
    void limit_to(int pages) {
        const std::string text = "PRAGMA max_page_count = " + std::to_string(pages);
        EXPECT_TRUE(connection_->script(text.c_str()));
    }

    Result<void> add(int who, Survives survives) {
        return queue_->perform(
            [who](Connection& connection) -> Result<void> {
                auto done = connection.execute(
                    "INSERT INTO texts VALUES (?1, hex(zeroblob(30000)))", std::int64_t{who}
                );
                return done ? ok() : Result<void>(std::move(done).error());
            },
            survives
        );
    }

    // Both in one batch: while the one before them holds the queue up.
    std::pair<Result<void>, Result<void>> add_together() {
        std::latch begun(1);
        std::promise<void> goes_on;
        std::jthread first([&] {
            EXPECT_TRUE(queue_->perform([&](Connection&) {
                begun.count_down();
                goes_on.get_future().wait();
                return ok();
            }));
        });
        begun.wait();
        auto other =
            std::async(std::launch::async, [&] { return add(1, Survives::as_configured); });
        auto vital = std::async(std::launch::async, [&] { return add(2, Survives::power_loss); });
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        goes_on.set_value();
        return {other.get(), vital.get()};
    }

    std::int64_t count() {
        std::int64_t rows = -1;
        EXPECT_TRUE(queue_->perform([&rows](Connection& connection) {
            auto row = connection.query("SELECT count(*) FROM texts");
            EXPECT_TRUE(row && row->step());
            rows = row->integer(0);
            return ok();
        }));
        return rows;
    }

    const TemporaryFolder folder_;
    Connection* connection_ = nullptr;
    std::optional<bool> gives_;  // room to whom
    std::vector<bool> asked_;
    std::optional<WriteQueue> queue_;
};

TEST_F(FullDatabase, IsTriedOnceMoreWhereRoomIsMade) {
    gives_ = false;
    EXPECT_TRUE(add(1, Survives::as_configured));
    EXPECT_EQ(asked_, std::vector{false});
}

TEST_F(FullDatabase, WhatIsKeptForVitalWorkIsNotAskedForByOthers) {
    gives_ = true;
    const auto refused = add(1, Survives::as_configured);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
    EXPECT_EQ(asked_, std::vector{false});
    EXPECT_TRUE(add(2, Survives::power_loss));
    EXPECT_EQ(asked_, (std::vector{false, false, true}));
}

TEST_F(FullDatabase, OfOneBatchTheVitalWorkGoesThroughAlone) {
    gives_ = true;
    const auto [other, vital] = add_together();
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, ErrorCode::storage_full);
    EXPECT_TRUE(vital);
    EXPECT_EQ(count(), 1);
}

TEST_F(FullDatabase, WithoutAnyRoomAllAreToldSo) {
    const auto [other, vital] = add_together();
    ASSERT_TRUE(!other && !vital);
    EXPECT_EQ(vital.error().code, ErrorCode::storage_full);
    EXPECT_EQ(count(), 0);
}

}  // namespace
}  // namespace sluice::sqlite
