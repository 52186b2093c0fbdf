#include "core/category.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Category, IsKnownInEverySpellingMetInTheWild) {
    for (const auto* spelling : {"tweet_video", "TweetVideo", "TWEET_VIDEO", "tweetvideo"}) {
        EXPECT_EQ(parse_category(spelling), Category::tweet_video) << spelling;
    }
    for (const auto* wrong : {"", "video", "tweet-video", "tweet_vide"}) {
        EXPECT_FALSE(parse_category(wrong)) << wrong;
    }
}

TEST(Category, HasTheNumbersOfXsMediaKeys) {
    EXPECT_EQ(key_number(Category::tweet_image), 3);
    EXPECT_EQ(key_number(Category::tweet_video), 7);
    EXPECT_EQ(key_number(Category::amplify_video), 13);
    EXPECT_EQ(key_number(Category::subtitles), 29);
}

TEST(Category, FollowsFromTheTypeWithItsParametersCutOff) {
    EXPECT_EQ(default_category("Video/MP4"), Category::tweet_video);
    EXPECT_EQ(default_category("text/vtt; charset=utf-8"), Category::subtitles);
    EXPECT_EQ(default_category("image/gif"), Category::tweet_gif);
    EXPECT_FALSE(default_category("application/pdf"));
    EXPECT_FALSE(default_category(""));
}

}  // namespace
}  // namespace sluice
