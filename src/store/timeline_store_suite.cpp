#include "store/timeline_store_suite.hpp"

#include <array>

namespace sluice {
namespace {

using namespace std::chrono_literals;

const Principal me{"me"};
const Principal other{"other"};
constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};
constexpr std::uint64_t mine = 7;

Upload upload_of(const Principal& owner, std::uint64_t id) {
    return Upload::open({
        .id = {id},
        .owner = owner,
        .category = Category::tweet_video,
        .total = {100},
        .now = start,
        .lifetime = 1h,
    });
}

TimelineEvent event_of(std::string call, std::chrono::milliseconds after, std::string code = "") {
    TimelineEvent event;
    event.at = event.last_at = start + after;
    event.call = std::move(call);
    event.status = code.empty() ? 200 : 400;
    event.code = std::move(code);
    return event;
}

TimelineEvent append_of(std::uint64_t segment, std::string code = "") {
    auto event = event_of("APPEND", std::chrono::milliseconds(segment), std::move(code));
    event.segment = segment;
    return event;
}

}  // namespace

void TimelineStoreSuite::note(
    const Principal& owner, std::uint64_t id, std::vector<TimelineEvent> events
) {
    const std::array noted{NotedEvents{owner, {id}, std::move(events)}};
    const auto added = store().add(noted);
    EXPECT_TRUE(added) << added.error().detail;
}

std::vector<TimelineEvent> TimelineStoreSuite::events_of(const Principal& owner, std::uint64_t id) {
    const auto events = store().of(owner, {id}, TimelinePart::all);
    EXPECT_TRUE(events) << events.error().detail;
    return events.value_or(std::vector<TimelineEvent>());
}

TEST_P(TimelineStoreSuite, GivesBackEveryMemberOldestFirst) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    TimelineEvent whole = append_of(3, "segment_too_large");
    whole.facts = "The segment has 9 bytes.";
    whole.bytes = ByteCount{9};
    whole.duration = 12ms;
    whole.request_id = "req_1";
    TimelineEvent status = event_of("STATUS", 9s);
    status.advised = 5s;
    status.asked_after = 400ms;
    status.advised_before = 3s;
    note(me, mine, {event_of("INIT", 0ms), whole});
    note(me, mine, {status});
    const auto events = events_of(me, mine);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0], event_of("INIT", 0ms));
    EXPECT_EQ(events[1], whole);
    EXPECT_EQ(events[2], status);
    EXPECT_EQ(events[2].was_obedient(), false);
}

TEST_P(TimelineStoreSuite, TakesNothingFromSomebodyElseAndTellsHimNothing) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    note(me, mine, {event_of("INIT", 0ms)});
    note(other, mine, {event_of("STATUS", 1ms)});
    note(other, 99, {event_of("STATUS", 1ms)});
    EXPECT_EQ(events_of(me, mine).size(), 1u);
    EXPECT_TRUE(events_of(other, mine).empty());
    EXPECT_TRUE(events_of(other, 99).empty());
}

TEST_P(TimelineStoreSuite, FoldsAlikeNeighboursAlsoAcrossWrites) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    note(me, mine, {event_of("STATUS", 1s), event_of("STATUS", 2s)});
    note(me, mine, {event_of("STATUS", 3s), event_of("KEEP", 4s), event_of("STATUS", 5s)});
    const auto events = events_of(me, mine);
    ASSERT_EQ(events.size(), 3u);
    EXPECT_EQ(events[0].count, 3u);
    EXPECT_EQ(events[0].at, start + 1s);
    EXPECT_EQ(events[0].last_at, start + 3s);
    EXPECT_EQ(events[2].count, 1u);
}

TEST_P(TimelineStoreSuite, FoldsPollingThatIsAnsweredAndRefusedByTurns) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    note(me, mine, {append_of(0, "segment_too_large")});
    for (int i = 0; i < 1000; ++i) {
        auto poll = event_of("STATUS", 1s + i * 20ms, i % 2 == 0 ? "" : "polling_too_fast");
        poll.asked_after = 20ms;
        poll.advised_before = 5s;
        poll.facts = poll.code.empty() ? "" : "too fast";
        note(me, mine, {poll});
    }
    const auto events = events_of(me, mine);
    ASSERT_EQ(events.size(), 2u);
    EXPECT_EQ(events[0].code, "segment_too_large");
    EXPECT_EQ(events[1].count, 1000u);
    EXPECT_EQ(events[1].code, "polling_too_fast");
    EXPECT_EQ(events[1].facts, "too fast");
    EXPECT_EQ(events[1].at, start + 1s);
}

TEST_P(TimelineStoreSuite, KeepsInitFinalizeAndRefusalsWhenThereAreTooMany) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    std::vector<TimelineEvent> events{event_of("INIT", 0ms), append_of(0, "segment_too_large")};
    for (std::uint64_t i = 1; i < 1000; ++i) {
        events.push_back(append_of(i));
    }
    events.push_back(event_of("FINALIZE", 2s));
    note(me, mine, events);
    const auto kept = events_of(me, mine);
    ASSERT_EQ(kept.size(), timeline_events_max);
    EXPECT_EQ(kept[0].call, "INIT");
    EXPECT_EQ(kept[1].code, "segment_too_large");
    EXPECT_EQ(kept[2].segment, 1000u - (timeline_events_max - 3));
    EXPECT_EQ(kept.back().call, "FINALIZE");
}

TEST_P(TimelineStoreSuite, TellsApartWhatExplainsARefusal) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    note(me, mine, {event_of("INIT", 0ms), append_of(0), append_of(1, "segment_too_large")});
    note(me, mine, {event_of("STATUS", 1s)});
    const auto telling = store().of(me, {mine}, TimelinePart::telling);
    ASSERT_TRUE(telling);
    ASSERT_EQ(telling->size(), 3u);
    EXPECT_EQ((*telling)[1].code, "segment_too_large");
}

TEST_P(TimelineStoreSuite, StaysBoundedWhenEverythingIsARefusal) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    std::vector<TimelineEvent> events{event_of("INIT", 0ms)};
    for (std::uint64_t i = 0; i < 1000; ++i) {
        events.push_back(append_of(i, "segment_too_large"));
    }
    note(me, mine, events);
    const auto kept = events_of(me, mine);
    ASSERT_EQ(kept.size(), timeline_events_max);
    EXPECT_EQ(kept.front().call, "INIT");
    EXPECT_EQ(kept.back().segment, 999u);
}

TEST_P(TimelineStoreSuite, ForgetsWithTheBytesAndTakesNothingAfterwards) {
    ASSERT_TRUE(uploads().create(upload_of(me, mine)));
    note(me, mine, {event_of("INIT", 0ms)});
    ASSERT_TRUE(store().forget({mine}));
    ASSERT_TRUE(uploads().forget_bytes({mine}));
    note(me, mine, {event_of("STATUS", 1s)});
    EXPECT_TRUE(events_of(me, mine).empty());
}

}  // namespace sluice
