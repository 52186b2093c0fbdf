#include <gtest/gtest.h>

#include <memory>

#include "capacity/cluster.hpp"
#include "capacity/demands.hpp"
#include "capacity/queueing.hpp"

namespace sluice::capacity {
namespace {

TEST(DemandsTest, AnAppendIsOneCommitAndOneObject) {
    const Demands found = record_demands(4, 64 * 1024);
    EXPECT_EQ(found.append.commits, 1u);
    EXPECT_EQ(found.append.puts, 1u);
    EXPECT_EQ(found.append.bytes_put, 64u * 1024);
    EXPECT_EQ(found.append.gets, 0u);
}

TEST(DemandsTest, InitAndFinalizeAreOneCommitEachAndStatusIsNone) {
    const Demands found = record_demands(4, 64 * 1024);
    EXPECT_EQ(found.init.commits, 1u);
    EXPECT_EQ(found.init.puts, 0u);
    EXPECT_EQ(found.finalize.commits, 1u);
    EXPECT_EQ(found.finalize.puts, 0u);
    EXPECT_GE(found.finalize.gets, 1u);  // the first bytes of the media
    EXPECT_EQ(found.status_open.commits, 0u);
    EXPECT_GE(found.status_open.reads, 1u);
    EXPECT_EQ(found.status_queued.commits, 0u);
    EXPECT_GE(found.status_queued.reads, 1u);
}

TEST(DemandsTest, AJobIsAClaimItsHeartbeatsAndItsEnd) {
    const Demands found = record_demands(4, 64 * 1024);
    EXPECT_EQ(found.claim.commits, 1u);
    EXPECT_EQ(found.beat.commits, 1u);
    EXPECT_EQ(found.beat.reads, 0u);
    EXPECT_GE(found.done.commits, 1u);
    EXPECT_EQ(found.done.puts, 1u);
}

TEST(FilmsTest, TwoFilmsTakeTwiceAsMuchAsOne) {
    const Demands demands = record_demands(4, 64 * 1024);
    const Constants constants{.encode = 18, .job_cores = 2, .beat_pause = 3};
    const Films one = films_of(1, demands, constants);
    EXPECT_EQ(one.cores, 18);
    EXPECT_EQ(one.running, 9);
    const auto ends = static_cast<double>(demands.claim.commits + demands.done.commits);
    EXPECT_EQ(one.commits, ends + 3);
    EXPECT_EQ(films_of(2, demands, constants).commits, 2 * one.commits);
    EXPECT_DOUBLE_EQ(films_of(2, demands, constants).database_share, 2 * one.database_share);
}

struct OneQueue {
    double mean_wait = 0;  // before service, seconds
    std::uint64_t served = 0;
};

// Arrivals without memory, mean service 1 s, one server.
class Arrivals {
  public:
    Arrivals(std::uint64_t seed, double load) : simulator_(seed), load_(load) {}
    OneQueue run(double seconds) {
        arrive();
        simulator_.run(seconds);
        return {waited_ / static_cast<double>(served_), served_};
    }

  private:
    void arrive() {
        const double came = simulator_.now();
        const double service = simulator_.exponential(1.0);
        station_.visit(service, [this, came, service](bool) {
            waited_ += simulator_.now() - came - service;
            ++served_;
        });
        simulator_.after(simulator_.exponential(1.0 / load_), [this] { arrive(); });
    }
    Simulator simulator_;
    double load_;
    Station station_{simulator_, {}};
    double waited_ = 0;
    std::uint64_t served_ = 0;
};

// M/M/1: the mean wait is load / (1 - load) services.
TEST(QueueingTest, AKnownQueueWaitsAsTheTextbookSays) {
    for (const double load : {0.3, 0.5, 0.7}) {
        const OneQueue found = Arrivals(7, load).run(2e6);
        const double expected = load / (1 - load);
        EXPECT_NEAR(found.mean_wait, expected, 0.02 * expected) << "load " << load;
    }
}

TEST(QueueingTest, TheSameSeedIsTheSameHistoryAndAnotherIsNot) {
    const OneQueue one = Arrivals(3, 0.6).run(1e4);
    const OneQueue again = Arrivals(3, 0.6).run(1e4);
    const OneQueue other = Arrivals(4, 0.6).run(1e4);
    EXPECT_EQ(one.mean_wait, again.mean_wait);
    EXPECT_EQ(one.served, again.served);
    EXPECT_NE(one.mean_wait, other.mean_wait);
}

TEST(QueueingTest, AFlushIsSharedByAllThatWaitAndAFullQueueRefuses) {
    Simulator simulator(1);
    Station flush(simulator, {.servers = 1, .batch = 100, .queue_max = 50});
    int served = 0;
    int refused = 0;
    for (int i = 0; i < 60; ++i) {
        flush.visit(1.0, [&](bool was) { ++(was ? served : refused); });
    }
    simulator.run(10);
    EXPECT_EQ(served, 51);  // one alone, fifty together
    EXPECT_EQ(refused, 9);
    EXPECT_EQ(flush.busy_seconds(), 2.0);
}

TEST(ClusterTest, TheSameSeedGivesTheSameFiguresAndAnotherDoesNot) {
    const Demands demands = record_demands(segments_each, segment_bytes);
    const auto appends_of = [&](std::uint64_t seed) {
        const Scenario scenario{.nodes = 3, .uploads_each_second = 60, .seconds = 3, .seed = seed};
        std::vector<double> all;
        for (const Window& window : simulate(scenario, demands, {}).windows) {
            all.insert(all.end(), window.append_seconds.begin(), window.append_seconds.end());
        }
        return all;
    };
    EXPECT_FALSE(appends_of(5).empty());
    EXPECT_EQ(appends_of(5), appends_of(5));
    EXPECT_NE(appends_of(5), appends_of(6));
}

TEST(ClusterTest, AHerdWithinWhatThereIsComesBackWhole) {
    const Demands demands = record_demands(segments_each, segment_bytes);
    const Outcome found = simulate({.nodes = 30, .herd = 2000}, demands, {});
    EXPECT_EQ(found.resumed_at.size(), 2000u);
    EXPECT_EQ(found.given_up, 0u);
}

}  // namespace
}  // namespace sluice::capacity
