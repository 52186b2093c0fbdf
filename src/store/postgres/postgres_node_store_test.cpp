#include "store/postgres/postgres_node_store.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "store/metadata_store_suite.hpp"
#include "store/postgres/notifier.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/test_postgres.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

NodeFacts named(const std::string& name, std::uint64_t incarnation = 1) {
    return {.name = name, .role = "all", .incarnation = incarnation, .film_slots = 2};
}

class NodeStore : public testing::Test {
  protected:
    const std::string url_ = TestPostgres::shared().make_database();
    const std::shared_ptr<PostgresDatabase> database_ =
        PostgresDatabase::open(url_, {.connections = 8}).value();
    PostgresNodeStore nodes_{database_};

    WallTime now() { return nodes_.time().value(); }
};

TEST_F(NodeStore, ThoseWhoJoinAtOnceGetDifferentNumbers) {
    std::mutex mutex;
    std::set<std::uint64_t> numbers;
    std::vector<std::jthread> threads;
    for (int i = 0; i < 6; ++i) {
        threads.emplace_back([&, i] {
            const auto number = nodes_.join(named("node" + std::to_string(i)));
            const std::scoped_lock lock(mutex);
            numbers.insert(number.value().id);
        });
    }
    threads.clear();
    EXPECT_EQ(numbers.size(), 6u);
    EXPECT_EQ(nodes_.live()->size(), 6u);
}

TEST_F(NodeStore, ANodeThatStartsAgainHasItsNumberAndTheProcessBeforeHasNone) {
    const auto number = nodes_.join(named("a", 1));
    ASSERT_TRUE(nodes_.beat(number->id, named("a", 1)));
    EXPECT_EQ(nodes_.join(named("a", 2)).value().id, number->id);
    EXPECT_EQ(code_of(nodes_.beat(number->id, named("a", 1))), ErrorCode::store_conflict);
    const auto seen = nodes_.beat(number->id, named("a", 2));
    ASSERT_TRUE(seen);
    ASSERT_EQ(seen->alive.size(), 1u);
    EXPECT_EQ(seen->alive.front().facts.film_slots, 2u);
    EXPECT_LT(std::chrono::abs(seen->now - SystemClock().now()), 10s);
}

TEST_F(NodeStore, WhoLeftIsWaitedForNoMore) {
    const auto number = nodes_.join(named("a"));
    ASSERT_TRUE(nodes_.join(named("b")));
    ASSERT_TRUE(nodes_.leave(number->id, 1));
    ASSERT_EQ(nodes_.live()->size(), 1u);
    EXPECT_EQ(nodes_.live()->front().facts.name, "b");
}

TEST_F(NodeStore, TheIdsOfProcessesWithOneNumberNeverMeet) {
    const auto first = nodes_.join(named("a", 1)).value();
    const auto more = nodes_.extend_ids(first.id, 1, now()).value();
    EXPECT_GE(more, first.ids_until);
    const auto second = nodes_.join(named("a", 2)).value();
    EXPECT_GE(second.ids_from, more);
    EXPECT_GT(second.ids_until, second.ids_from);
    EXPECT_EQ(code_of(nodes_.extend_ids(first.id, 1, now())), ErrorCode::store_conflict);
    EXPECT_GE(nodes_.extend_ids(second.id, 2, now()).value(), second.ids_until);
}

TEST_F(NodeStore, ANumberThatWasGivenUpIsFreeAndItsIdsGoOn) {
    const auto left = nodes_.join(named("a", 1)).value();
    ASSERT_TRUE(nodes_.leave(left.id, 1));
    const auto next = nodes_.join(named("b", 2)).value();
    EXPECT_EQ(next.id, left.id);
    EXPECT_GE(next.ids_from, left.ids_until);
}

// As after a day on which the database's clock was a year ahead.
TEST_F(NodeStore, WhoIsFarAheadIsGrantedAsMuchAsItUses) {
    const auto first = nodes_.join(named("a", 1)).value();
    const WallTime ahead = now() + 24h * 365;
    ASSERT_TRUE(database_->execute("UPDATE id_ranges SET until = $1", ahead));
    const auto second = nodes_.join(named("a", 2)).value();
    EXPECT_EQ(second.ids_from, ahead);
    EXPECT_GT(second.ids_until, second.ids_from);
    const WallTime reached = second.ids_until - 400ms;
    const auto more = nodes_.extend_ids(second.id, 2, reached).value();
    EXPECT_EQ(more, reached + PostgresNodeStore::ids_ahead_of_time);
    EXPECT_EQ(nodes_.join(named("a", 3))->ids_from, more);
    EXPECT_EQ(first.id, second.id);
}

// Before there were ranges, the ids of a node went by the database's clock alone.
TEST_F(NodeStore, TheFirstRangeLiesBehindTheIdsOfTheNumberThatAreAheadOfTime) {
    const auto number = nodes_.join(named("a", 1)).value().id;
    ManualClock ahead(now() + 2h);
    PostgresMetadataStore store(database_);
    ASSERT_TRUE(store.create(open_upload(IdSource(ahead, static_cast<std::uint16_t>(number)).next())
    ));
    ahead.advance(1h);
    ASSERT_TRUE(store.create(open_upload(IdSource(ahead, 511).next()))) << "of another node";
    ASSERT_TRUE(database_->execute("DELETE FROM id_ranges"));
    const auto again = nodes_.join(named("a", 2)).value();
    EXPECT_GT(again.ids_from, ahead.now() - 1h);
    EXPECT_LT(again.ids_from, ahead.now() - 55min);
    EXPECT_GT(again.ids_until, again.ids_from);
}

TEST_F(NodeStore, WhoWasSeenAtATimeThatHasNotComeIsNotTakenForAlive) {
    const auto number = nodes_.join(named("a")).value().id;
    ASSERT_TRUE(database_->execute("UPDATE nodes SET seen_at = $1", now() + 48h));
    EXPECT_TRUE(nodes_.live()->empty());
    EXPECT_EQ(nodes_.join(named("b", 2))->id, number) << "its number is free";
}

TEST_F(NodeStore, OnlyWhoTookTheStreamLastExtendsIt) {
    PostgresMetadataStore store(database_);
    Upload upload = open_upload(7);
    upload.stream = {UploadKind::stream, true, {}, {}};
    ASSERT_TRUE(store.create(upload));
    const auto extend = [&](std::uint64_t at, std::uint64_t token) {
        Segment segment = segment_of(7, at / 10, 10);
        return store.extend({
            .id = {7},
            .at = {at},
            .segment = segment,
            .total = {},
            .expires_at = upload.expires_at,
            .now = store_test_now,
            .token = token,
        });
    };
    ASSERT_TRUE(nodes_.take_stream({7}, {111, 8}));
    ASSERT_TRUE(extend(0, 111));
    const auto before = nodes_.take_stream({7}, {222, 9});
    EXPECT_EQ(before->token, 111u);
    EXPECT_EQ(before->node, 8u);
    EXPECT_EQ(nodes_.holder_of_stream({7}).value(), 9u);
    EXPECT_EQ(code_of(extend(10, 111)), ErrorCode::store_conflict) << "it was paused, and wakes up";
    EXPECT_TRUE(extend(10, 222));
    EXPECT_EQ(store.find(alice(), {7})->received.value, 20u);
}

TEST_F(NodeStore, CallsOfAllNodesAreCountedInOneWindow) {
    const WallTime now = store_test_now;
    const auto first = nodes_.add_rates({{"me", 1, now + 60s, 3}, {"me", 2, now + 60s, 1}}, now);
    ASSERT_TRUE(first);
    const auto second = nodes_.add_rates({{"you", 1, now + 90s, 1}, {"me", 1, now + 90s, 2}}, now);
    ASSERT_TRUE(second);
    EXPECT_EQ(second->at(0).principal, "me");
    EXPECT_EQ(second->at(0).used, 5u);
    EXPECT_EQ(second->at(0).resets, now + 60s) << "the window that another node began";
    EXPECT_EQ(second->at(1).used, 1u);
    const auto later = nodes_.add_rates({{"me", 1, now + 120s, 1}}, now + 61s);
    EXPECT_EQ(later->at(0).used, 1u) << "a new window";
    ASSERT_TRUE(nodes_.forget_rates(now + 100s));
    EXPECT_EQ(database_->query("SELECT count(*) FROM rate_windows")->front().number(0), 1u);
    const auto behind = nodes_.add_rates({{"me", 1, now + 115s, 1}}, now + 55s);
    EXPECT_EQ(behind->at(0).used, 2u) << "another node's clock is some seconds behind";
    const auto right = nodes_.add_rates({{"me", 1, now - 24h + 60s, 1}}, now - 24h);
    EXPECT_EQ(right->at(0).used, 1u) << "the clock was a day ahead";
}

TEST_F(NodeStore, AnotherKeyIsRefused) {
    ASSERT_TRUE(nodes_.check_key("one"));
    EXPECT_TRUE(nodes_.check_key("one"));
    EXPECT_EQ(code_of(nodes_.check_key("two")), ErrorCode::storage_failed);
}

TEST_F(NodeStore, AHintReachesAllWhoListen) {
    auto sender = PostgresNotifier::open(url_);
    auto listener = PostgresNotifier::open(url_);
    ASSERT_TRUE(sender && listener);
    ASSERT_TRUE(sender->send({"one", "two"}));
    std::vector<std::string> heard;
    for (int i = 0; i < 100 && heard.size() < 2; ++i) {
        const auto some = listener->take();
        ASSERT_TRUE(some);
        heard.insert(heard.end(), some->begin(), some->end());
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(heard, (std::vector<std::string>{"one", "two"}));
}

}  // namespace
}  // namespace sluice
