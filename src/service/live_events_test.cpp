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

}  // namespace
}  // namespace sluice
