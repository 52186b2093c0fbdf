#include "service/live_events.hpp"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace sluice
