#include "nodes/node.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "store/metadata_store_suite.hpp"
#include "store/postgres/postgres_metadata_store.hpp"
#include "store/postgres/test_postgres.hpp"

namespace sluice {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(MetadataStoreSuite);

namespace {

using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& is_so) {
    for (int i = 0; i < 500; ++i) {
        if (is_so()) {
            return true;
        }
        std::this_thread::sleep_for(20ms);
    }
    return false;
}

RateLimits three_calls() {
    RateLimits limits;
    limits.by_bucket.fill({3, 60s});
    return limits;
}

// A process with what a node speaks for.
struct Process {
    Process(const std::string& url, const std::string& name, NodeSettings settings = {}) {
        settings.url = url;
        settings.name = name;
        settings.role = settings.slots.film > 0 ? "all" : "api";
        settings.beat = settings.beat == NodeSettings().beat ? 100ms : settings.beat;
        database = PostgresDatabase::open(url, {.connections = 4}).value();
        node = Node::join(database, settings).value();
        node->start({
            .clock = &clock,
            .leases = &leases,
            .in_flight = &in_flight,
            .live = &live,
            .speed = &speed,
            .rates = &rates,
            .wake = [this] { ++wakes; },
            .cancel = [this](MediaId id) { cancelled = id.value; },
            .was_replaced = [this] { ++replaced; },
        });
        live.forward_by([this](const LiveEvent& event) { node->tell_event(event); });
    }

    CorrectedClock clock;
    StreamLeases leases;
    InFlight in_flight;
    LiveEvents live{1};
    SpeedLearner speed;
    MemoryRateLimiter rates{three_calls()};
    std::atomic<int> wakes = 0;
    std::atomic<std::uint64_t> cancelled = 0;
    std::atomic<int> replaced = 0;
    std::shared_ptr<PostgresDatabase> database;
    std::unique_ptr<Node> node;
};

class TwoNodes : public testing::Test {
  protected:
    TwoNodes() {
        EXPECT_TRUE(eventually([this] {
            return a_.node->live_nodes() == 2 && b_.node->live_nodes() == 2 && a_.wakes > 0 &&
                   b_.wakes > 0;  // both hear
        }));
    }

    void open_stream() {
        PostgresMetadataStore store(a_.database);
        Upload upload = open_upload(7);
        upload.stream = {UploadKind::stream, true, {}, {}};
        ASSERT_TRUE(store.create(upload));
    }

    const std::string url_ = TestPostgres::shared().make_database();
    Process a_{url_, "a"};
    Process b_{url_, "b", {.slots = {.quick = 2, .film = 3}}};
};

TEST_F(TwoNodes, HearOfJobsAndOfTheirEnd) {
    EXPECT_NE(a_.node->number(), b_.node->number());
    const int before = b_.wakes;
    a_.node->tell_job_added();
    EXPECT_TRUE(eventually([&] { return b_.wakes > before; }));
    a_.node->tell_cancelled({99});
    EXPECT_TRUE(eventually([&] { return b_.cancelled == 99; }));
    EXPECT_EQ(a_.cancelled, 0u) << "nobody hears himself";
}

TEST_F(TwoNodes, OneOfThemIsTheFirstUntilItLeaves) {
    EXPECT_TRUE(a_.node->is_first());
    EXPECT_FALSE(b_.node->is_first());
    a_.node->stop();
    EXPECT_TRUE(eventually([&] { return b_.node->is_first(); }));
}

TEST_F(TwoNodes, CountTheSlotsOfAll) {
    EXPECT_EQ(a_.node->slots().film, 3u);
    EXPECT_EQ(b_.node->slots().quick, 2u);
}

TEST_F(TwoNodes, TheRequestOfWhoHadTheStreamIsToldToStop) {
    open_stream();
    const auto on_a = a_.leases.take({7});
    on_a->token = a_.node->take_stream({7}).value();
    const auto on_b = b_.leases.take({7});
    on_b->token = b_.node->take_stream({7}).value();
    EXPECT_TRUE(eventually([&] { return on_a->is_lost.load(); }));
    EXPECT_FALSE(on_b->is_lost);
    // A late word about another request means nothing.
    a_.leases.end_of_token({7}, on_b->token);
    b_.leases.end_of_token({7}, on_a->token);
    EXPECT_FALSE(on_b->is_lost);
}

TEST_F(TwoNodes, WhoAsksForTheOffsetWaitsUntilTheOtherHasStoredIt) {
    open_stream();
    const auto on_a = a_.leases.take({7});
    on_a->token = a_.node->take_stream({7}).value();
    on_a->has_unstored = true;
    std::jthread storing([&] {
        EXPECT_TRUE(eventually([&] { return on_a->is_asked_to_store.load(); }));
        on_a->has_unstored = false;
    });
    b_.node->settle_stream({7}, 5s);
    EXPECT_TRUE(on_a->is_asked_to_store);
    EXPECT_FALSE(on_a->has_unstored) << "it did not wait";
}

TEST_F(TwoNodes, WhoAsksADeadNodeWaitsForSoLongAndNoLonger) {
    open_stream();
    ASSERT_TRUE(a_.node->take_stream({7}));
    const auto lease = a_.leases.take({7});
    lease->has_unstored = true;
    const auto begun = std::chrono::steady_clock::now();
    b_.node->settle_stream({7}, 200ms);
    EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
    a_.node->stop();
    EXPECT_TRUE(eventually([&] { return b_.node->live_nodes() == 1; }));
}

TEST_F(TwoNodes, TellWhatTheyAreReceiving) {
    auto token = a_.in_flight.enter({7}, SegmentIndex{4});
    token.has_received({1234});
    const auto running = b_.node->running_appends({7}, 5s);
    ASSERT_EQ(running.size(), 1u);
    EXPECT_EQ(running[0].index, SegmentIndex{4});
    EXPECT_EQ(running[0].so_far.value, 1234u);
    EXPECT_TRUE(b_.node->running_appends({8}, 5s).empty());
}

TEST_F(TwoNodes, TellAStreamThatIsHeldThoughNothingOfItComes) {
    const auto lease = a_.leases.take({7});
    EXPECT_EQ(b_.node->running_appends({7}, 5s).size(), 1u);
    EXPECT_TRUE(b_.node->running_appends({8}, 5s).empty());
}

// Answers may come while the question is still being sent; they are not left lying then.
TEST_F(TwoNodes, AreAnsweredAtOnceEachTime) {
    auto token = a_.in_flight.enter({7}, SegmentIndex{4});
    for (int i = 0; i < 200; ++i) {
        ASSERT_EQ(b_.node->running_appends({7}, 900ms).size(), 1u) << i;
    }
}

TEST_F(TwoNodes, WatchersSeeWhatHappensElsewhere) {
    LiveEvent event{.at = a_.clock.now(), .owner = {"me"}, .media_id = MediaId{7}};
    event.call = "APPEND";
    const auto last = b_.live.last();
    a_.live.publish(event);
    EXPECT_TRUE(eventually([&] {
        const auto read = b_.live.after(last, Principal{"me"}, 10);
        return read.events.size() == 1 && read.events.front().call == "APPEND";
    }));
    const auto own = a_.live.after(0, Principal{"me"}, 10).events.size();
    EXPECT_EQ(own, 1u);
}

TEST_F(TwoNodes, ALimitHoldsForBoth) {
    const Principal me{"me"};
    const auto now = a_.clock.now();
    EXPECT_FALSE(a_.rates.take(me, RateBucket::v1_init, now).is_over);
    EXPECT_FALSE(a_.rates.take(me, RateBucket::v1_init, now).is_over);
    EXPECT_FALSE(b_.rates.take(me, RateBucket::v1_init, now).is_over);
    EXPECT_TRUE(eventually([&] {
        const auto sums =
            b_.database->query("SELECT used FROM rate_windows WHERE principal = 'me' AND used = 3");
        return sums && !sums->empty();
    }));
    // Whoever told the last one has told the other that the window is used up.
    std::this_thread::sleep_for(300ms);
    EXPECT_TRUE(a_.rates.take(me, RateBucket::v1_init, now).is_over);
    EXPECT_TRUE(b_.rates.take(me, RateBucket::v1_init, now).is_over);
}

TEST_F(TwoNodes, WhoComesIsSeenAtOnce) {
    const Process slow{url_, "slow", {.beat = std::chrono::minutes(10)}};
    EXPECT_TRUE(eventually([&] { return slow.node->live_nodes() == 3 && slow.wakes > 0; }));
    const Process late{url_, "late"};
    EXPECT_TRUE(eventually([&] { return slow.node->live_nodes() == 4; }));
}

TEST_F(TwoNodes, AnotherProcessUnderTheSameNameEndsTheFirst) {
    const Process again{url_, "a"};
    EXPECT_EQ(again.node->number(), a_.node->number());
    EXPECT_TRUE(eventually([&] { return a_.replaced == 1; }));
}

}  // namespace
}  // namespace sluice
