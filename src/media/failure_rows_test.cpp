#include "media/failure_rows.hpp"

#include <gtest/gtest.h>

#include "media/failures.hpp"

namespace sluice {
namespace {

TEST(FailureRows, TellWhatIsWrongThatItStaysAndWhatMendsIt) {
    const auto failure =
        unsupported_media("DurationTooLong", "Duration 149.4 s exceeds max duration of 140 s");
    EXPECT_EQ(code_of(failure, Category::dm_video), ErrorCode::duration_out_of_range);
    const std::string text = whole_text(failure, Category::dm_video);
    EXPECT_TRUE(text.starts_with(
        "Duration 149.4 s exceeds max duration of 140 s. This will not change by waiting"
    ));
    EXPECT_TRUE(text.contains("ffmpeg -i input.mp4 -t 140 -c copy output.mp4")) << text;
}

TEST(FailureRows, SayADurationAsXDoes) {
    EXPECT_EQ(
        x_text_of(
            unsupported_media("DurationTooLong", "Duration 149.4 s exceeds max duration of 140 s")
        ),
        "Duration 2.minutes+29.seconds+400.milliseconds exceeds max duration of "
        "2.minutes+20.seconds"
    );
    EXPECT_EQ(x_text_of(invalid_media("Truncated", "data ends")), "file is invalid");
}

TEST(FailureRows, KnowTheLimitsOfAGifAndTheServersOwnFailures) {
    const auto size = unsupported_media("Dimensions", "too wide");
    EXPECT_EQ(code_of(size, Category::tweet_gif), ErrorCode::gif_too_large);
    EXPECT_EQ(code_of(size, Category::tweet_video), ErrorCode::dimensions_out_of_range);
    EXPECT_EQ(failure_row_of("WorkerCrashed").x_code, 0);
    EXPECT_EQ(failure_row_of("Timeout").x_code, 4);
    EXPECT_EQ(failure_row_of("never heard of").code, ErrorCode::processing_failed);
}

}  // namespace
}  // namespace sluice
