#include "media/category_rules.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace literals;

TEST(CategoryRules, EveryCategoryHasItsOwnRow) {
    for (int i = 0; i <= static_cast<int>(Category::subtitles); ++i) {
        const auto category = static_cast<Category>(i);
        EXPECT_EQ(rule_of(category).category, category);
        EXPECT_EQ(rule_of(category).family, family_of(category));
        EXPECT_FALSE(accepted_types_text(rule_of(category)).empty());
    }
}

TEST(CategoryRules, LimitsOfBytesAreThoseOfX) {
    EXPECT_EQ(rule_of(Category::tweet_image).bytes_max, 5_MiB);
    EXPECT_EQ(rule_of(Category::tweet_gif).bytes_max, 15_MiB);
    EXPECT_EQ(rule_of(Category::tweet_video).bytes_max, 8_GiB);
    EXPECT_EQ(rule_of(Category::dm_video).bytes_max, 512_MiB);
    EXPECT_EQ(rule_of(Category::subtitles).bytes_max, 2_MiB);
}

TEST(CategoryRules, NamesTheAcceptedTypesAsPeopleDo) {
    EXPECT_EQ(accepted_types_text(rule_of(Category::tweet_gif)), "image/gif");
    EXPECT_EQ(
        accepted_types_text(rule_of(Category::tweet_video)),
        "video/mp4, video/quicktime, video/webm or video/mp2t"
    );
    EXPECT_EQ(
        accepted_types_text(rule_of(Category::dm_image)),
        "image/jpeg, image/png, image/webp, image/gif, image/heic, image/heif or image/avif"
    );
    EXPECT_EQ(accepted_types_text(rule_of(Category::subtitles)), "text/srt or text/vtt");
}

TEST(CategoryRules, NamesAsXWouldWhatXTakes) {
    EXPECT_EQ(
        accepted_types_text(rule_of(Category::tweet_image), true),
        "image/jpeg, image/png, image/webp or image/gif"
    );
    EXPECT_EQ(
        processed_types_text(true),
        "image/jpeg, image/png, image/webp, image/gif, video/mp4, video/quicktime, video/webm, "
        "video/mp2t, text/srt or text/vtt"
    );
    EXPECT_TRUE(processed_types_text().contains("image/heic"));
}

}  // namespace
}  // namespace sluice
