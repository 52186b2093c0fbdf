#include "service/faults.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/metrics.hpp"

namespace sluice {
namespace {

std::string sequence(const FaultRule& rule, int calls) {
    Metrics metrics;
    Faults faults(metrics);
    faults.add(rule);
    std::string struck;
    for (int i = 0; i < calls; ++i) {
        struck += faults.strike("STATUS", FaultTime::before, "me") ? '1' : '0';
    }
    return struck;
}

TEST(Faults, StrikeTheSameCallsForTheSameSeed) {
    const FaultRule rule{.rate = 0.3, .seed = 7};
    const std::string once = sequence(rule, 200);
    EXPECT_EQ(once, sequence(rule, 200));
    const auto struck = std::ranges::count(once, '1');
    EXPECT_GT(struck, 40);
    EXPECT_LT(struck, 80);
    EXPECT_NE(once, sequence({.rate = 0.3, .seed = 8}, 200));
    EXPECT_EQ(sequence({.rate = 0}, 50), std::string(50, '0'));
    EXPECT_EQ(sequence({.rate = 1}, 50), std::string(50, '1'));
}

TEST(Faults, AreAboutTheirCallAndTime) {
    Metrics metrics;
    Faults faults(metrics);
    EXPECT_FALSE(faults.any());
    faults.add({.kind = FaultKind::cut, .call = "APPEND", .when = FaultTime::after});
    EXPECT_TRUE(faults.any());
    EXPECT_FALSE(faults.strike("APPEND", FaultTime::before, "a"));
    EXPECT_FALSE(faults.strike("STATUS", FaultTime::after, "a"));
    EXPECT_TRUE(faults.strike("APPEND", FaultTime::after, "a"));
    EXPECT_EQ(faults.rules().front().seen, 1U);
    faults.clear();
    EXPECT_FALSE(faults.any());
}

TEST(Faults, CountWhoRecovers) {
    Metrics metrics;
    Faults faults(metrics);
    faults.add({.call = "APPEND"});
    faults.strike("APPEND", FaultTime::before, "one");
    faults.strike("APPEND", FaultTime::before, "one");
    faults.strike("APPEND", FaultTime::before, "two");
    faults.succeeded("three");
    faults.succeeded("one");
    faults.succeeded("one");
    EXPECT_EQ(faults.counts(FaultKind::over_capacity).injected, 3U);
    EXPECT_EQ(faults.counts(FaultKind::over_capacity).recovered, 1U);
}

TEST(Faults, StrikeAJobOnce) {
    Metrics metrics;
    Faults faults(metrics);
    faults.add({.kind = FaultKind::processing_fails});
    EXPECT_FALSE(faults.strike("STATUS", FaultTime::before, "me"));
    EXPECT_TRUE(faults.strike_job(7));
    EXPECT_FALSE(faults.strike_job(7));
    EXPECT_TRUE(faults.strike_job(8));
}

TEST(Faults, AreReadAsFlagsHaveThem) {
    const auto rule = parse_fault("503:status=0.25");
    ASSERT_TRUE(rule);
    EXPECT_EQ(rule->kind, FaultKind::over_capacity);
    EXPECT_EQ(rule->call, "STATUS");
    EXPECT_EQ(rule->rate, 0.25);
    EXPECT_EQ(parse_fault("cut")->call, "");
    for (const char* wrong : {"", "504=1", "503:stat=1", "503=2", "503=x", "503=-1", "503="}) {
        EXPECT_FALSE(parse_fault(wrong)) << wrong;
    }
}

}  // namespace
}  // namespace sluice
