#include "service/live_events.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace sluice {
namespace {

LiveEvent of(const char* owner, const char* call) {
    return {.owner = {owner}, .call = call};
}

TEST(LiveEvents, AWatcherSeesWhatCameAfterWhatItSaw) {
    LiveEvents events(100);
    events.publish(of("a", "INIT"));
    events.publish(of("a", "APPEND"));
    const auto read = events.after(101, std::nullopt, 10);
    ASSERT_EQ(read.events.size(), 1u);
    EXPECT_EQ(read.events[0].call, "APPEND");
    EXPECT_EQ(read.last, 102u);
    EXPECT_FALSE(read.has_missed);
}

TEST(LiveEvents, NobodySeesWhatIsAnothersButIsPastIt) {
    LiveEvents events(0);
    events.publish(of("a", "INIT"));
    events.publish(of("b", "INIT"));
    const auto read = events.after(0, Principal{"a"}, 10);
    ASSERT_EQ(read.events.size(), 1u);
    EXPECT_EQ(read.last, 2u);
}

TEST(LiveEvents, APlaceThatIsTakenAgainHasNothingOfItsLastEvent) {
    LiveEvents events(0);
    for (std::size_t i = 0; i < LiveEvents::kept_max; ++i) {
        events.publish(LiveEvent{
            .owner = {"a"}, .media_id = MediaId{7}, .call = "APPEND", .code = "x", .request_id = "r"
        });
    }
    const Principal owner{"b"};
    events.publish(
        LiveNote{.kind = LiveKind::request, .owner = owner, .method = "GET", .status = 200}
    );
    const auto read = events.after(LiveEvents::kept_max, std::nullopt, 10);
    ASSERT_EQ(read.events.size(), 1U);
    const LiveEvent& event = read.events[0];
    EXPECT_EQ(event.owner, owner);
    EXPECT_EQ(event.call + event.code + event.request_id, "");
    EXPECT_FALSE(event.media_id);
    EXPECT_EQ(event.method, "GET");
}

TEST(LiveEvents, WhoWasAwayForTooLongIsTold) {
    LiveEvents events(0);
    for (std::size_t i = 0; i < LiveEvents::kept_max + 5; ++i) {
        events.publish(of("a", "STATUS"));
    }
    EXPECT_TRUE(events.after(2, std::nullopt, 10).has_missed);
    EXPECT_FALSE(events.after(5, std::nullopt, 10).has_missed);
    EXPECT_TRUE(events.after(1'000'000, std::nullopt, 10).has_missed);
    const auto page = events.after(5, std::nullopt, 10);
    EXPECT_EQ(page.last, 15u);
}

void publish(LiveEvents& events, std::int64_t count) {
    for (std::int64_t i = 0; i < count; ++i) {
        events.publish(of("a", "STATUS"));
    }
}

TEST(LiveEvents, WhatNobodyHasLookedAtForLongIsOnlyNumbered) {
    LiveEvents events(7);
    publish(events, LiveEvents::unseen_max);
    const std::uint64_t kept = events.last();  // looks
    EXPECT_EQ(events.after(kept - 1, std::nullopt, 10).events.size(), 1u);

    publish(events, LiveEvents::unseen_max + 1);
    const auto read = events.after(kept, std::nullopt, 10);
    EXPECT_TRUE(read.has_missed);
    EXPECT_TRUE(read.events.empty());
    EXPECT_EQ(read.last, kept + LiveEvents::unseen_max + 1);
    EXPECT_FALSE(events.after(read.last, std::nullopt, 10).has_missed);
}

TEST(LiveEvents, WhoLooksSeesWhatComesFromThenOn) {
    LiveEvents events(0);
    publish(events, LiveEvents::unseen_max + 5);
    const std::uint64_t seen = events.last();
    events.publish(of("a", "FINALIZE"));
    events.publish_from_elsewhere(of("b", "INIT"));
    const auto read = events.after(seen, std::nullopt, 10);
    EXPECT_FALSE(read.has_missed);
    ASSERT_EQ(read.events.size(), 2u);
    EXPECT_EQ(read.events[0].call, "FINALIZE");
    EXPECT_EQ(read.events[1].number, seen + 2);
    EXPECT_TRUE(events.after(seen - 1, std::nullopt, 10).has_missed);
}

TEST(LiveEvents, WhatMayBeLostIsMissedByWhoWatches) {
    LiveEvents events(0);
    publish(events, 3);
    events.note_gap();
    EXPECT_TRUE(events.after(2, std::nullopt, 10).has_missed);
    publish(events, 1);
    EXPECT_TRUE(events.after(3, std::nullopt, 10).has_missed);
    EXPECT_FALSE(events.after(4, std::nullopt, 10).has_missed);
}

TEST(LiveEvents, AWatcherAmongManyThreadsSeesAllOrIsTold) {
    LiveEvents events(0);
    constexpr std::int64_t each = 3 * LiveEvents::unseen_max;
    std::vector<std::jthread> writers;
    for (int i = 0; i < 2; ++i) {
        writers.emplace_back([&events] { publish(events, each); });
    }
    std::uint64_t seen = 0;
    while (seen < 2 * each) {
        const auto read = events.after(seen, std::nullopt, LiveEvents::kept_max);
        std::uint64_t next = read.has_missed || read.events.empty() ? 0 : seen + 1;
        for (const LiveEvent& event : read.events) {
            EXPECT_EQ(event.number, next == 0 ? event.number : next);
            next = event.number + 1;
        }
        ASSERT_TRUE(read.has_missed || read.last - seen == read.events.size());
        seen = read.last;
    }
}

}  // namespace
}  // namespace sluice
