#include "media/plan.hpp"

#include <gtest/gtest.h>

#include "media/image_plan.hpp"

namespace sluice {
namespace {

using namespace literals;

std::vector<std::string> names_of(PixelSize size) {
    std::vector<std::string> names;
    const ImageProbe probe{.container = Container::jpeg, .picture = size};
    for (const auto& variant : plan_image(rule_of(Category::tweet_image), probe)->variants) {
        names.push_back(variant.name);
    }
    return names;
}

TEST(ImagePlan, LeavesOutWhatWouldBeUpscaled) {
    using Names = std::vector<std::string>;
    EXPECT_EQ(names_of({4000, 3000}), (Names{"large", "medium", "small", "thumb"}));
    EXPECT_EQ(names_of({1000, 800}), (Names{"large", "small", "thumb"}));
    EXPECT_EQ(names_of({100, 80}), (Names{"large", "thumb"}));
}

TEST(ImagePlan, MakesTheLargerOnesInAvifWhenAsked) {
    const ImageProbe probe{.container = Container::jpeg, .picture = {4000, 3000}};
    const auto& rule = rule_of(Category::tweet_image);
    const auto plain = plan_image(rule, probe);
    const auto asked = plan_image(rule, probe, true);
    for (const auto& variant : plain->variants) {
        EXPECT_FALSE(variant.with_avif);
    }
    for (const auto& variant : asked->variants) {
        EXPECT_EQ(variant.with_avif, variant.name == "large" || variant.name == "medium");
    }
    EXPECT_NEAR(asked->cpu_seconds - plain->cpu_seconds, 0.07 * (3.15 + 1.08), 0.01);
}

TEST(ImagePlan, ShrinksOnLoadOnlyWhatStaysLargeEnough) {
    const auto shrink = [](Container container, std::uint32_t side) {
        const ImageProbe probe{.container = container, .picture = {side, side}};
        return plan_image(rule_of(Category::tweet_image), probe)->shrink_on_load;
    };
    EXPECT_EQ(shrink(Container::jpeg, 3999), 1U);
    EXPECT_EQ(shrink(Container::jpeg, 4000), 2U);
    EXPECT_EQ(shrink(Container::jpeg, 7999), 2U);
    EXPECT_EQ(shrink(Container::jpeg, 8192), 4U);
    EXPECT_EQ(shrink(Container::png, 8192), 1U);
}

TEST(ImagePlan, RefusesWhatIsTooLargeBeforeAnyPixelIsRead) {
    const ImageProbe bomb{.container = Container::png, .picture = {50000, 50000}};
    const auto plan = plan_image(rule_of(Category::tweet_image), bomb);
    ASSERT_FALSE(plan);
    EXPECT_EQ(plan.error().reason, "Dimensions");
    EXPECT_EQ(plan.error().message, "Dimensions 50000x50000 are not between 4x4 and 8192x8192");
}

TEST(CheckContent, NamesBothTypesOfAMismatch) {
    const auto refused =
        check_content(rule_of(Category::tweet_video), "video/mp4", Container::png, 1_MiB);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "TypeMismatch");
    EXPECT_EQ(refused->message, "file is invalid: declared video/mp4, found image/png");
}

TEST(CheckContent, AcceptsByContentWithinAFamily) {
    const auto& image = rule_of(Category::tweet_image);
    EXPECT_FALSE(check_content(image, "image/png", Container::jpeg, 1_MiB));
    EXPECT_FALSE(check_content(image, "image/png", Container::gif, 1_MiB));
    EXPECT_FALSE(check_content(image, "image/jpeg", Container::heif, 1_MiB));
    EXPECT_FALSE(check_content(image, "image/heif", Container::avif, 1_MiB));
    EXPECT_FALSE(check_content(rule_of(Category::dm_video), "", Container::matroska, 1_MiB));
}

TEST(CheckContent, RefusesEmptyOversizedAndUnknown) {
    const auto& image = rule_of(Category::tweet_image);
    EXPECT_EQ(
        check_content(image, "image/png", Container::unknown, {})->reason, "CorruptContainer"
    );
    EXPECT_EQ(
        check_content(image, "image/png", Container::unknown, 1_KiB)->reason, "CorruptContainer"
    );
    EXPECT_EQ(check_content(image, "image/png", Container::png, 6_MiB)->reason, "FileTooLarge");
}

TEST(CheckContent, LetsSubtitlesBeJudgedByTheirReaderUnlessTheyAreAPicture) {
    const auto& rule = rule_of(Category::subtitles);
    EXPECT_FALSE(check_content(rule, "text/srt", Container::unknown, 1_KiB));
    EXPECT_EQ(check_content(rule, "text/srt", Container::unknown, 3_MiB)->reason, "FileTooLarge");
    EXPECT_TRUE(check_content(rule, "text/srt", Container::png, 1_KiB));
}

}  // namespace
}  // namespace sluice
