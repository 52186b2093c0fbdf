#include "core/timeline.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::seconds;

TimelineEvent question(milliseconds asked_after, seconds advised_before) {
    TimelineEvent event;
    event.call = "STATUS";
    event.status = 200;
    event.asked_after = asked_after;
    event.advised_before = advised_before;
    return event;
}

TEST(Timeline, ARunOfObedientQuestionsIsObedientWhateverTheyWereTold) {
    auto run = question(7003ms, 7s);
    ASSERT_TRUE(fold(run, question(8010ms, 8s)));
    ASSERT_TRUE(fold(run, question(2500ms, 2s)));
    EXPECT_EQ(run.count, 3u);
    EXPECT_EQ(run.was_obedient(), true);
    EXPECT_EQ(run.asked_after, 7003ms);
    EXPECT_EQ(run.advised_before, 7s);
}

TEST(Timeline, ARunOfImpatientQuestionsTellsTheMostImpatient) {
    auto run = question(1s, 2s);
    ASSERT_TRUE(fold(run, question(3s, 10s)));
    ASSERT_TRUE(fold(run, question(400ms, 1s)));
    EXPECT_EQ(run.was_obedient(), false);
    EXPECT_EQ(run.asked_after, 3s);
    EXPECT_EQ(run.advised_before, 10s);
}

TEST(Timeline, ObedientAndImpatientQuestionsAreNoRun) {
    auto run = question(7003ms, 7s);
    EXPECT_FALSE(fold(run, question(3s, 8s)));
    EXPECT_EQ(run, question(7003ms, 7s));
}

TEST(Timeline, TheFirstQuestionHasNothingToObey) {
    TimelineEvent first = question(0ms, 0s);
    first.asked_after.reset();
    first.advised_before.reset();
    EXPECT_FALSE(first.was_obedient());
    EXPECT_FALSE(fold(first, question(5s, 5s)));
}

}  // namespace
}  // namespace sluice
