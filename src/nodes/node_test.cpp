#include "nodes/node.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <thread>
#include <vector>

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
            .ids = &id_clock,
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
    IdClock id_clock{clock};
    IdSource ids{id_clock, 0};
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

TEST_F(TwoNodes, AreToldOfAGapWhenAHintWasTooLongToBeSent) {
    const auto before = b_.live.last();
    const int wakes = b_.wakes;
    a_.node->tell_event({.owner = {"me"}, .call = std::string(9000, 'x')});
    EXPECT_TRUE(eventually([&] { return b_.wakes > wakes; }));
    EXPECT_TRUE(b_.live.after(before, std::nullopt, 10).has_missed);
}

// The database refuses the bytes, and the connection is given up: what went with them is lost.
TEST_F(TwoNodes, AreToldOfAGapWhenTheLineBrokeWhileItWasSent) {
    const auto before = b_.live.last();
    a_.node->tell_event({.owner = {"me"}, .call = "\xff"});
    EXPECT_TRUE(eventually([&] { return b_.live.after(before, std::nullopt, 10).has_missed; }));
}

TEST(HintLine, SaysOnceThatItCannotConnect) {
    testing::internal::CaptureStderr();
    HintLine line("postgres://nobody@127.0.0.1:1/none", 1);
    line.start({.hear = [](const Hint&) {}, .missed = [] {}, .look = [] { return false; }});
    std::this_thread::sleep_for(1500ms);  // three tries
    line.stop();
    const std::string said = testing::internal::GetCapturedStderr();
    EXPECT_NE(said.find("hints_lost"), std::string::npos);
    EXPECT_EQ(said.find("hints_lost"), said.rfind("hints_lost")) << said;
}

TEST_F(TwoNodes, AnotherProcessUnderTheSameNameEndsTheFirst) {
    Process again{url_, "a"};
    EXPECT_EQ(again.node->number(), a_.node->number());
    EXPECT_TRUE(eventually([&] { return a_.replaced == 1; }));
    EXPECT_LT(a_.ids.next(), again.ids.next());
}

TEST_F(TwoNodes, AReplacedProcessThatDoesNotKnowItYetMakesNoIdOfTheOther) {
    Process first{url_, "c", {.beat = std::chrono::minutes(10)}};
    Process second{url_, "c", {.beat = std::chrono::minutes(10)}};
    ASSERT_EQ(second.node->number(), first.node->number());
    const std::uint64_t others = second.ids.next();
    first.clock.count_from(first.clock.started() + 72h);
    for (int i = 0; i < 100'000; ++i) {
        ASSERT_LT(first.ids.next(), others) << i;
    }
}

// Two processes have one number, and the first does not know yet that it was replaced: how many ids both make,
// who ask for as many, in turn. `between` spoils something before the second comes, `beside` when both run.
using Spoil = std::function<void(Process& first)>;
using SpoilBoth = std::function<void(Process& first, Process& second)>;
std::size_t ids_made_twice(const Spoil& between, const SpoilBoth& beside) {
    const std::string url = TestPostgres::shared().make_database();
    Process first{url, "c", {.beat = std::chrono::minutes(10)}};
    between(first);
    Process second{url, "c", {.beat = std::chrono::minutes(10)}};
    EXPECT_EQ(second.node->number(), first.node->number());
    beside(first, second);
    std::vector<std::uint64_t> of_first;
    std::vector<std::uint64_t> of_second;
    for (int i = 0; i < 200'000; ++i) {
        of_first.push_back(first.ids.next());
        of_second.push_back(second.ids.next());
    }
    std::vector<std::uint64_t> both;
    std::ranges::set_intersection(of_first, of_second, std::back_inserter(both));
    return both.size();
}

void forget_the_ranges(Process& first) {
    ASSERT_TRUE(first.database->execute("DELETE FROM id_ranges"));
}

// Its clock stands where the range of the second begins.
void go_into_the_range_of_the_other(Process& first, Process& second) {
    first.clock.count_from(second.node->ids_from() - since_start());
}

TEST(IdRanges, OfTwoProcessesWithOneNumberDoNotMeet) {
    EXPECT_EQ(ids_made_twice([](Process&) {}, [](Process&, Process&) {}), 0u);
    EXPECT_EQ(ids_made_twice([](Process&) {}, go_into_the_range_of_the_other), 0u);
}

// Two red runs: in each one of the walls is away, and what the test above looks at must see it.
TEST(IdRanges, IdsThatMeetAreSeenWhenTheDatabaseHasForgottenWhatItGranted) {
    EXPECT_GT(ids_made_twice(forget_the_ranges, [](Process&, Process&) {}), 0u);
}

TEST(IdRanges, IdsThatMeetAreSeenWhenAProcessDoesNotKeepToItsRange) {
    const auto beside = [](Process& first, Process& second) {
        first.id_clock.keep_until(WallTime::max());
        go_into_the_range_of_the_other(first, second);
    };
    EXPECT_GT(ids_made_twice([](Process&) {}, beside), 0u);
}

TEST(IdClock, IsTheOtherClockWithinItsRange) {
    ManualClock clock;
    IdClock ids(clock);
    EXPECT_EQ(ids.now(), clock.now());
    const auto from = clock.now() + 20s;
    ids.keep_to(from, from + 10s);
    EXPECT_EQ(ids.now(), from);
    clock.advance(25s);
    EXPECT_EQ(ids.now(), clock.now());
    clock.advance(1h);
    EXPECT_EQ(ids.now(), from + 10s - IdClock::kept_back);
    ids.keep_until(clock.now() + 30s);
    EXPECT_EQ(ids.now(), clock.now());
}

// Four million ids are more than the second that was granted, and a process after it begins behind it.
TEST_F(TwoNodes, MakeNoIdThatTheyWereNotGrantedWhenTheRangesAreFarAhead) {
    const std::uint64_t number = a_.node->number();
    a_.node->stop();
    const WallTime ahead = a_.clock.now() + 24h * 365;
    ASSERT_TRUE(a_.database->execute("UPDATE id_ranges SET until = $1", ahead));
    Process first{url_, "a"};
    ASSERT_EQ(first.node->number(), number);
    std::uint64_t last = 0;
    for (int i = 0; i < 50; ++i) {
        for (int j = 0; j < 200'000; ++j) {
            last = first.ids.next();
        }
        std::this_thread::sleep_for(20ms);
    }
    Process second{url_, "a"};
    ASSERT_EQ(second.node->number(), number);
    EXPECT_GT(second.ids.next(), last);
}

TEST(IdClock, GoesThroughARangeThatIsAheadByWhatIsAskedFor) {
    ManualClock clock;
    IdClock ids(clock);
    const auto from = clock.now() + 24h;
    ids.keep_to(from, from + 1s);
    EXPECT_EQ(ids.reached(), from);
    IdSource source(ids, 9);
    for (int i = 0; i < 300'000; ++i) {
        source.next();
    }
    EXPECT_GT(ids.reached(), from + 100ms);
    EXPECT_LT(ids.reached(), from + 200ms);
    for (int i = 0; i < 2'000'000; ++i) {
        source.next();
    }
    EXPECT_EQ(ids.reached(), from + 1s - IdClock::kept_back);
    clock.advance(48h);
    ids.keep_until(clock.now() + 30s);
    EXPECT_EQ(ids.now(), clock.now());
}

}  // namespace
}  // namespace sluice
