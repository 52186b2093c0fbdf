#include "service/job_ranks.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const Principal alice{"alice"};
const Principal bob{"bob"};
constexpr WallTime start{1'790'000'000'000ms};

TEST(JobRanks, TheShortPassesTheLongThatCameBefore) {
    JobRanks ranks;
    const auto film = ranks.rank_of(alice, Lane::film, 100s, start);
    EXPECT_LT(ranks.rank_of(alice, Lane::film, 5s, start + 10s), film);
    EXPECT_LT(ranks.rank_of(bob, Lane::film, 5s, start + 10s), film);
}

TEST(JobRanks, TheLongIsNotPassedForEver) {
    JobRanks ranks;
    const auto film = ranks.rank_of(alice, Lane::film, 100s, start);
    EXPECT_GT(ranks.rank_of(bob, Lane::film, 1s, start + 400s), film);
}

TEST(JobRanks, WhoHasManyWaitingDoesNotStandBeforeWhoHasOne) {
    JobRanks ranks;
    WallTime last;
    for (int i = 0; i < 100; ++i) {
        last = ranks.rank_of(alice, Lane::film, 10s, start);
    }
    const auto other = ranks.rank_of(bob, Lane::film, 10s, start + 5s);
    EXPECT_LT(other, last);
    EXPECT_LT(other, start + 60s) << "only the first of alice's are before it";
    EXPECT_LT(ranks.rank_of(alice, Lane::quick, 1s, start), start + 5s) << "lanes are apart";
    EXPECT_LT(ranks.rank_of(alice, Lane::film, 1s, start + 2h), start + 3h) << "all is forgotten";
}

TEST(JobRanks, RemembersABoundedNumberOfPrincipals) {
    JobRanks ranks;
    for (std::size_t i = 0; i < 2 * JobRanks::principals_max; ++i) {
        const auto rank = ranks.rank_of({std::to_string(i)}, Lane::film, 10s, start);
        ASSERT_EQ(rank, start + 40s);
    }
}

}  // namespace
}  // namespace sluice
