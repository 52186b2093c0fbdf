// Every sequence of up to five commands, from a fresh upload, against the numbered invariants at
// the top of core/upload.hpp. A small model of its own says in which state each command is
// accepted, so a transition that is missing or too much fails.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

#include "core/upload.hpp"

namespace sluice {
namespace {

const WallTime start{std::chrono::milliseconds{1'790'000'000'000}};
const WallTime late = start + std::chrono::hours(25);

struct World {
    Upload upload;
    SegmentMap segments;
};

Segment segment(std::uint16_t index, std::uint64_t length) {
    return {
        .index = {index},
        .extent = {{1}, {index * std::uint64_t{5}}, {length}},
        .received_at = start
    };
}

bool take(World& world, Result<Upload> next) {
    if (!next) {
        return false;
    }
    world.upload = std::move(next).value();
    return true;
}

bool append(World& world, std::uint16_t index, std::uint64_t length) {
    const Segment wanted = segment(index, length);
    if (world.segments.contains(wanted.index) ||
        !take(world, world.upload.with_segment(wanted, start))) {
        return false;
    }
    world.segments.emplace(wanted.index, wanted);
    return true;
}

using S = UploadState;

struct Command {
    const char* name;
    std::function<bool(World&)> run;
    // May the command succeed here? The states and, for open, the segments decide.
    std::function<bool(const World&)> allowed;
};

bool is_in(const World& world, std::initializer_list<S> states) {
    return std::ranges::find(states, world.upload.state) != states.end();
}

bool has(const World& world, std::uint16_t index) {
    return world.segments.contains({index});
}

const std::array commands{
    Command{
        "append 0 (5)",
        [](World& w) { return append(w, 0, 5); },
        [](const World& w) {
            return is_in(w, {S::open}) && !has(w, 0) && w.upload.received.value <= 5;
        },
    },
    Command{
        "append 1 (5)",
        [](World& w) { return append(w, 1, 5); },
        [](const World& w) {
            return is_in(w, {S::open}) && !has(w, 1) && w.upload.received.value <= 5;
        },
    },
    Command{
        "append 0 (10)",
        [](World& w) { return append(w, 0, 10); },
        [](const World& w) {
            return is_in(w, {S::open}) && !has(w, 0) && w.upload.received.value == 0;
        },
    },
    Command{
        "append 1 (6)",
        [](World& w) { return append(w, 1, 6); },
        [](const World& w) {
            return is_in(w, {S::open}) && !has(w, 1) && w.upload.received.value <= 4;
        },
    },
    Command{
        "finalize",
        [](World& w) {
            auto sealed = w.upload.sealed(w.segments, start);
            return sealed && take(w, sealed->queued(start));
        },
        [](const World& w) {
            return is_in(w, {S::open}) && has(w, 0) && w.upload.received.value == 10;
        },
    },
    Command{
        "claim",
        [](World& w) { return take(w, w.upload.claimed(start)); },
        [](const World& w) { return is_in(w, {S::queued, S::processing}); },
    },
    Command{
        "release",
        [](World& w) { return take(w, w.upload.released(start)); },
        [](const World& w) { return is_in(w, {S::processing}); },
    },
    Command{
        "progress 50",
        [](World& w) { return take(w, w.upload.with_progress({.percent = 50}, start)); },
        [](const World& w) { return is_in(w, {S::processing}); },
    },
    Command{
        "progress 20",
        [](World& w) { return take(w, w.upload.with_progress({.percent = 20}, start)); },
        [](const World& w) { return is_in(w, {S::processing}); },
    },
    Command{
        "succeed",
        [](World& w) { return take(w, w.upload.succeeded({"video/mp4", 2, 2}, start)); },
        [](const World& w) { return is_in(w, {S::processing}); },
    },
    Command{
        "fail",
        [](World& w) {
            return take(w, w.upload.failed_with({.code = 1, .name = "InvalidMedia"}, start));
        },
        [](const World& w) { return is_in(w, {S::processing}); },
    },
    Command{
        "keep",
        [](World& w) { return take(w, w.upload.kept(start)); },
        [](const World& w) { return !is_in(w, {S::cancelled, S::expired}); },
    },
    Command{
        "cancel",
        [](World& w) { return take(w, w.upload.cancelled(start)); },
        [](const World& w) { return !is_in(w, {S::cancelled, S::expired}); },
    },
    Command{
        "expire",
        [](World& w) { return take(w, w.upload.expired(late)); },
        [](const World& w) {
            return is_in(w, {S::open, S::ready, S::failed}) && w.upload.expires_at < late;
        },
    },
    Command{
        "expire too early",
        [](World& w) { return take(w, w.upload.expired(start)); },
        [](const World&) { return false; },
    },
};

void check_invariants(const World& before, const World& after) {
    const Upload& u = after.upload;
    std::uint64_t sum = 0;
    for (const auto& [index, one] : after.segments) {
        sum += one.extent.length.value;
    }
    EXPECT_EQ(u.received.value, sum);                       // 1
    EXPECT_EQ(u.segments_received, after.segments.size());  // 1
    EXPECT_LE(u.received, u.total);                         // 2
    if (u.has_all_bytes()) {
        EXPECT_EQ(u.received, u.total);  // 2
        EXPECT_EQ(layout_of(after.segments), (std::vector<Extent>{{{1}, {0}, {10}}}));
    }
    EXPECT_EQ(u.failure.has_value(), u.state == S::failed);  // 3
    if (before.upload.is_over()) {
        EXPECT_EQ(u, before.upload);  // 4
    }
    if (before.upload.state != S::open) {
        EXPECT_NE(u.state, S::open);  // 4
    }
    for (const auto& [index, one] : before.segments) {
        EXPECT_EQ(after.segments.at(index), one);  // 5
    }
    if (u.state == S::processing && before.upload.state == S::processing) {
        EXPECT_GE(u.progress.percent, before.upload.progress.percent);  // 6
    }
    EXPECT_EQ(u.progress.percent == 100, u.state == S::ready);  // 6
}

struct Walk {
    int sequences = 0;
    std::array<int, 8> seen{};

    void from(const World& world, int depth, const std::string& path) {
        ++seen[static_cast<std::size_t>(world.upload.state)];
        if (depth == 0) {
            return;
        }
        for (const Command& command : commands) {
            World next = world;
            const bool allowed = command.allowed(world);
            const bool done = command.run(next);
            ++sequences;
            ASSERT_EQ(done, allowed)
                << path << " > " << command.name << " in " << name_of(world.upload.state);
            if (!done) {
                ASSERT_EQ(next.upload, world.upload) << path << " > " << command.name;
            }
            check_invariants(world, next);
            ASSERT_FALSE(::testing::Test::HasFailure()) << path << " > " << command.name;
            from(next, depth - 1, path + " > " + command.name);
        }
    }
};

TEST(UploadSequences, KeepTheInvariantsUpToLengthFive) {
    World world;
    world.upload = Upload::open({
        .id = {1},
        .owner = {"anonymous"},
        .category = Category::tweet_video,
        .total = {10},
        .now = start,
        .lifetime = std::chrono::hours(24),
    });
    Walk walk;
    walk.from(world, 5, "open");
    // Every state but sealed (which lasts within FINALIZE only) must have been walked through.
    for (const S state :
         {S::open, S::queued, S::processing, S::ready, S::failed, S::cancelled, S::expired}) {
        EXPECT_GT(walk.seen[static_cast<std::size_t>(state)], 0) << name_of(state);
    }
    EXPECT_GT(walk.sequences, 14 * 14 * 14 * 14 * 14);
}

}  // namespace
}  // namespace sluice
