#include "service/timeline.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "service/history.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/memory/memory_timeline_store.hpp"

namespace sluice {
namespace {

using namespace std::chrono_literals;

const Principal me{"me"};
constexpr MediaId id{7};
constexpr WallTime start{std::chrono::milliseconds{1'790'000'000'000}};

TimelineEvent event_of(std::string call, std::chrono::milliseconds after, std::string code = "") {
    TimelineEvent event;
    event.at = event.last_at = start + after;
    event.call = std::move(call);
    event.code = std::move(code);
    event.request_id = "req_" + std::to_string(after.count());
    return event;
}

// Takes nothing while it is in trouble.
class FailingTimelineStore final : public TimelineStore {
  public:
    explicit FailingTimelineStore(MetadataStore& uploads) : sound_(uploads) {}

    Result<void> add(std::span<const NotedEvents> noted) override {
        if (during_add) {
            std::exchange(during_add, nullptr)();
        }
        return is_failing ? Error{.code = ErrorCode::storage_failed} : sound_.add(noted);
    }
    Result<std::vector<TimelineEvent>> of(const Principal& owner, MediaId media, TimelinePart part)
        override {
        return sound_.of(owner, media, part);
    }
    Result<void> forget(MediaId media) override { return sound_.forget(media); }

    bool is_failing = false;
    std::function<void()> during_add;

  private:
    MemoryTimelineStore sound_;
};

class TimelineTest : public testing::Test {
  protected:
    TimelineTest() {
        EXPECT_TRUE(uploads_.create(Upload::open({
            .id = id,
            .owner = me,
            .category = Category::tweet_video,
            .total = {100},
            .now = start,
            .lifetime = 1h,
        })));
    }

    MemoryMetadataStore uploads_;
    FailingTimelineStore store_{uploads_};
    Timeline timeline_{store_};
};

TEST_F(TimelineTest, WhoeverNotesReadsItAtOnceAndOnlyOnce) {
    timeline_.note(me, id, event_of("INIT", 0ms));
    EXPECT_EQ(timeline_.read(me, id)->size(), 1u);
    ASSERT_TRUE(timeline_.flush());
    EXPECT_EQ(timeline_.read(me, id)->size(), 1u);
    timeline_.note(me, id, event_of("APPEND", 0ms));
    EXPECT_EQ(timeline_.read(me, id)->size(), 2u) << "in the same millisecond";
}

TEST_F(TimelineTest, WhatWaitsFoldsIntoWhatIsStored) {
    timeline_.note(me, id, event_of("STATUS", 1ms));
    ASSERT_TRUE(timeline_.flush());
    timeline_.note(me, id, event_of("STATUS", 2ms));
    const auto events = timeline_.read(me, id);
    ASSERT_EQ(events->size(), 1u);
    EXPECT_EQ(events->front().count, 2u);
}

TEST_F(TimelineTest, LongFactsEndWithAWholeWord) {
    auto event = event_of("FINALIZE", 1ms);
    while (event.facts.size() < 2 * timeline_facts_max) {
        event.facts += "segment ";
    }
    timeline_.note(me, id, event);
    const std::string facts = timeline_.read(me, id)->front().facts;
    EXPECT_LE(facts.size(), timeline_facts_max);
    EXPECT_GT(facts.size(), timeline_facts_max - 20);
    EXPECT_TRUE(facts.ends_with("segment …")) << facts;
}

TEST_F(TimelineTest, DropsRatherThanGrowsWithoutBound) {
    for (std::uint64_t i = 0; i < Timeline::waiting_max + 5; ++i) {
        timeline_.note(me, {1000 + i}, event_of("STATUS", 1ms));
    }
    EXPECT_EQ(timeline_.dropped(), 5u);
    ASSERT_TRUE(timeline_.flush());
    timeline_.note(me, id, event_of("INIT", 0ms));
    EXPECT_EQ(timeline_.read(me, id)->size(), 1u);
}

TEST_F(TimelineTest, WhatTheStoreDoesNotTakeWaitsForTheNextTime) {
    timeline_.note(me, id, event_of("INIT", 0ms));
    store_.is_failing = true;
    store_.during_add = [this] { timeline_.note(me, id, event_of("APPEND", 1ms)); };
    EXPECT_FALSE(timeline_.flush());
    ASSERT_EQ(timeline_.read(me, id)->size(), 2u);
    store_.is_failing = false;
    ASSERT_TRUE(timeline_.flush());
    const auto stored = store_.of(me, id, TimelinePart::all);
    ASSERT_EQ(stored->size(), 2u);
    EXPECT_EQ(stored->front().call, "INIT");
    EXPECT_EQ(timeline_.read(me, id)->size(), 2u);
    EXPECT_EQ(timeline_.dropped(), 0u);
}

TEST_F(TimelineTest, AStoreInTroubleDoesNotEatTheMemory) {
    store_.is_failing = true;
    for (std::uint64_t i = 0; i < Timeline::waiting_max; ++i) {
        timeline_.note(me, {1000 + i}, event_of("STATUS", 1ms));
    }
    EXPECT_FALSE(timeline_.flush());
    timeline_.note(me, id, event_of("INIT", 0ms));
    EXPECT_EQ(timeline_.dropped(), 1u);
    store_.is_failing = false;
    ASSERT_TRUE(timeline_.flush());
    timeline_.note(me, id, event_of("INIT", 0ms));
    EXPECT_EQ(timeline_.dropped(), 1u);
}

TEST(History, NamesTheAppendsThatWereRefusedAndNeverCame) {
    auto refused = event_of("APPEND", 0ms, "segment_too_large");
    refused.segment = 3;
    refused.facts = "The segment has 9 bytes.";
    auto mended = refused;
    mended.segment = 4;
    const std::vector events{refused, mended, event_of("APPEND", 1ms)};
    const SegmentMap segments{{{4}, Segment{.index = {4}}}};
    EXPECT_EQ(
        refused_appends_of(events, segments),
        " APPEND of segment 3 was refused at " + rfc3339(start) +
            " with segment_too_large: The segment has 9 bytes."
    );
}

TEST(History, NamesTheLastRefusedFinalizeAndCountsTheQuestions) {
    auto asked = event_of("STATUS", 3ms);
    asked.count = 4;
    const std::vector events{event_of("FINALIZE", 1ms, "segment_missing"), asked};
    std::string text = refused_finalize_of(events);
    append_times_asked(text, times_asked(events));
    EXPECT_EQ(
        text,
        " FINALIZE was refused at " + rfc3339(start + 1ms) +
            " with segment_missing. STATUS was asked 4 times before."
    );
}

}  // namespace
}  // namespace sluice
