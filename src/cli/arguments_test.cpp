#include "cli/arguments.hpp"

#include <gtest/gtest.h>

#include <array>

#include "cli/connection.hpp"

namespace sluice::cli {
namespace {

constexpr std::array rules{
    FlagRule{"--server", true}, FlagRule{"--quiet", false, 'q'}, FlagRule{"--json"}
};

std::expected<Arguments, UsageError> parse(const std::vector<std::string>& words) {
    return parse_arguments(words, rules);
}

TEST(Arguments, TakesFlagsInBothFormsAndAfterOperands) {
    const auto arguments = parse({"a", "--server=x=y", "b", "--server", "z", "-q"});
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->operands, (std::vector<std::string>{"a", "b"}));
    EXPECT_EQ(arguments->value("--server"), "z");
    EXPECT_TRUE(arguments->has("--quiet"));
    EXPECT_FALSE(arguments->has("--json"));
}

TEST(Arguments, EndsFlagsAtTwoMinusSigns) {
    const auto arguments = parse({"--", "--json", "-"});
    ASSERT_TRUE(arguments);
    EXPECT_EQ(arguments->operands, (std::vector<std::string>{"--json", "-"}));
}

TEST(Arguments, NamesAnUnknownFlagAndTheNearest) {
    const auto arguments = parse({"--servr", "x"});
    ASSERT_FALSE(arguments);
    EXPECT_EQ(arguments.error().text, "unknown flag --servr; did you mean --server?");
}

TEST(Arguments, RefusesMissingAndSuperfluousValuesAndAbbreviations) {
    EXPECT_FALSE(parse({"--server"}));
    EXPECT_FALSE(parse({"--json=1"}));
    EXPECT_FALSE(parse({"--serv", "x"}));
}

TEST(Duration, IsWrittenAsPeopleDo) {
    EXPECT_EQ(parse_duration("30s"), client::Milliseconds(30'000));
    EXPECT_EQ(parse_duration("250ms"), client::Milliseconds(250));
    EXPECT_EQ(parse_duration("2h"), client::Milliseconds(7'200'000));
    EXPECT_EQ(parse_duration("1d"), client::Milliseconds(86'400'000));
    EXPECT_EQ(parse_duration("7"), client::Milliseconds(7000));
    for (const auto* text : {"", "s", "-1s", "1w", "99999999999999999h"}) {
        EXPECT_FALSE(parse_duration(text)) << text;
    }
}

}  // namespace
}  // namespace sluice::cli
