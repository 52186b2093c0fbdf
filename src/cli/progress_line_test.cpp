#include "cli/progress_line.hpp"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(ProgressLine, NeverIsWiderThanTheTerminal) {
    const auto facts =
        ProgressFacts{.label = "transfer", .percent = 50, .detail = "1 MiB of 2 MiB"};
    for (unsigned width = 1; width < 200; ++width) {
        EXPECT_LE(bar_line(facts, width).size(), width);
    }
    EXPECT_NE(
        bar_line(facts, 120).find("[####################....................]"), std::string::npos
    );
    EXPECT_EQ(bar_line(facts, 39).find('['), std::string::npos);
}

TEST(ProgressLine, WritesBytesWithUnits) {
    EXPECT_EQ(bytes_text(640), "640 B");
    EXPECT_EQ(bytes_text(12'582'912), "12.0 MiB");
    EXPECT_EQ(bytes_text(3ULL << 30), "3.0 GiB");
}

TEST(RateWindow, ForgetsWhatIsOlderThanTwentySeconds) {
    RateWindow window;
    EXPECT_FALSE(window.rate());
    window.add(client::Milliseconds(0), 0);
    window.add(client::Milliseconds(1000), 100'000);
    EXPECT_DOUBLE_EQ(*window.rate(), 100'000);
    window.add(client::Milliseconds(30'000), 100'000);
    window.add(client::Milliseconds(40'000), 110'000);
    EXPECT_DOUBLE_EQ(*window.rate(), 1000);
    EXPECT_EQ(window.seconds_left(5000), 5U);
}

}  // namespace
}  // namespace sluice::cli
