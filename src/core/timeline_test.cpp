#include "core/timeline.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// Every pair of calls out of some that differ in what folding looks at.
TEST(Timeline, FoldsAnAnsweredCallAsItWouldItsEvent) {
    std::vector<AnsweredCall> calls;
    for (const char* call : {"STATUS", "APPEND", "FINALIZE"}) {
        for (const char* code : {"", "polling_too_fast", "finalize_missing"}) {
            for (const bool is_other : {false, true}) {
                AnsweredCall made;
                made.at = WallTime{seconds{10 + static_cast<int>(calls.size())}};
                made.call = call;
                made.status = *code == 0 ? 200 : 409;
                made.code = code;
                made.facts = "It was the call " + std::to_string(calls.size()) + ".";
                made.duration = milliseconds{static_cast<int>(calls.size())};
                made.request_id = is_other ? "req_1" : "a request id of more than a few bytes";
                if (is_other) {
                    made.segment = 3;
                    made.bytes = ByteCount{7};
                    made.advised = 5s;
                }
                calls.push_back(made);
                made.asked_after = 1s;
                made.advised_before = 5s;
                calls.push_back(made);
            }
        }
    }
    std::size_t folded = 0;
    for (const AnsweredCall& first : calls) {
        for (const AnsweredCall& second : calls) {
            TimelineEvent run = AnsweredCall(first).event();
            const TimelineEvent before = run;
            TimelineEvent expected = run;
            AnsweredCall next = second;
            if (!fold_plain(run, next)) {
                EXPECT_EQ(run, before);
                EXPECT_EQ(next.facts, second.facts);
                continue;
            }
            ++folded;
            ASSERT_TRUE(fold(expected, AnsweredCall(second).event()));
            EXPECT_EQ(run, expected);
        }
    }
    EXPECT_EQ(folded, 16U);  // alike, without an advice before; an APPEND only if it was refused
}

}  // namespace
}  // namespace sluice
