#include "nodes/hint.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Hint, ComesBackAsItWent) {
    Hint hint{.from = ~std::uint64_t{0}, .kind = HintKind::answer, .id = {7}, .number = 9, .to = 8};
    hint.running = {{SegmentIndex{3}, {100}}, {std::nullopt, {5}}};
    const auto back = decode(encode(hint));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->from, hint.from);
    EXPECT_EQ(back->to, 8u);
    ASSERT_EQ(back->running.size(), 2u);
    EXPECT_EQ(back->running[0].index, SegmentIndex{3});
    EXPECT_EQ(back->running[1].index, std::nullopt);
    EXPECT_EQ(back->running[1].so_far.value, 5u);
}

TEST(Hint, AnEventMayHaveAnyText) {
    Hint hint{.from = 1, .kind = HintKind::event};
    hint.event = LiveEvent{
        .at = WallTime{std::chrono::milliseconds{1234}},
        .owner = {"a\tb\\n\nc"},
        .media_id = MediaId{77},
        .call = "APPEND",
        .status = 204,
        .code = "",
        .request_id = "req_x",
    };
    const std::string line = encode(hint);
    EXPECT_EQ(line.find('\n'), std::string::npos) << "a line is a line";
    const auto back = decode(line);
    ASSERT_TRUE(back && back->event);
    EXPECT_EQ(back->event->owner.id, "a\tb\\n\nc");
    EXPECT_EQ(back->event->media_id, MediaId{77});
    EXPECT_EQ(back->event->status, 204);
    EXPECT_EQ(back->event->request_id, "req_x");
}

TEST(Hint, ARateComesBack) {
    const WallTime ends{std::chrono::milliseconds{1234}};
    const Hint hint{
        .kind = HintKind::rate,
        .rate = MemoryRateLimiter::Unshared{"me", RateBucket::v2_append, ends, 399},
    };
    const auto back = decode(encode(hint));
    ASSERT_TRUE(back && back->rate);
    EXPECT_EQ(back->rate->principal, "me");
    EXPECT_EQ(back->rate->bucket, RateBucket::v2_append);
    EXPECT_EQ(back->rate->resets, ends);
    EXPECT_EQ(back->rate->calls, 399u);
}

TEST(Hint, WhatCannotBeReadIsNothing) {
    for (const char* line :
         {"",
          "x",
          "1",
          "1\tjob",
          "1\tnonsense\t0\t0\t0",
          "-1\tjob\t0\t0\t0",
          "1\tevent\t0\t0\t0",
          "1\tanswer\t0\t0\t0\t5",
          "1\trate\t0\t0\t0\t99\t1\t1\tme"}) {
        EXPECT_FALSE(decode(line)) << line;
    }
    EXPECT_TRUE(decode("1\tjob\t0\t0\t0"));
}

TEST(Hint, LinesArePackedAndCutAgain) {
    const auto payloads = packed({"one", "two", "a line that is too long", "three"}, 8);
    EXPECT_EQ(payloads, (std::vector<std::string>{"one\ntwo", "three"}));
    EXPECT_EQ(unpacked("one\ntwo"), (std::vector<std::string_view>{"one", "two"}));
}

}  // namespace
}  // namespace sluice
