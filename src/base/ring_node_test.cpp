#include "base/ring_node.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace sluice {
namespace {

std::vector<RingNode*> members_of(const RingNode& ring) {
    std::vector<RingNode*> members;
    for (RingNode* node = ring.behind(); node != &ring; node = node->behind()) {
        members.push_back(node);
    }
    return members;
}

TEST(RingNode, KeepsTheOrderInWhichTheyJoined) {
    RingNode ring;
    EXPECT_TRUE(ring.is_alone());
    RingNode a;
    RingNode b;
    RingNode c;
    a.join(ring);
    b.join(ring);
    c.join(ring);
    EXPECT_EQ(members_of(ring), (std::vector{&a, &b, &c}));
    a.join(ring);
    EXPECT_EQ(members_of(ring), (std::vector{&b, &c, &a}));
    c.leave();
    EXPECT_EQ(members_of(ring), (std::vector{&b, &a}));
    EXPECT_TRUE(c.is_alone());
    c.leave();
    EXPECT_EQ(members_of(ring), (std::vector{&b, &a}));
}

TEST(RingNode, LeavesWithItsOwner) {
    RingNode ring;
    RingNode other;
    {
        auto gone = std::make_unique<RingNode>();
        gone->join(ring);
        other.join(ring);
    }
    EXPECT_EQ(members_of(ring), std::vector{&other});
    other.leave();
    EXPECT_TRUE(ring.is_alone());
}

TEST(RingNode, IsAloneWhenItsRingHasEnded) {
    RingNode member;
    {
        RingNode ring;
        member.join(ring);
    }
    EXPECT_TRUE(member.is_alone());
}

}  // namespace
}  // namespace sluice
