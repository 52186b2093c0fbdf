#include "store/attachment_store_suite.hpp"

namespace sluice {
namespace {

constexpr WallTime at{std::chrono::milliseconds{1'790'000'000'000}};

}  // namespace

Attachments AttachmentStoreSuite::of(std::uint64_t id) {
    auto all = store().of({id});
    EXPECT_TRUE(all);
    return all ? *all : Attachments();
}

TEST_P(AttachmentStoreSuite, NothingHangsOnWhatNobodySpokeOf) {
    EXPECT_EQ(of(1), Attachments());
}

TEST_P(AttachmentStoreSuite, EverythingComesBack) {
    ASSERT_TRUE(store().share({1}, {{"user:9"}, {"user:8"}, {"user:9"}}, true));
    ASSERT_TRUE(store().annotate({1}, {{"alt_text", R"({"text":"a \"cat\""})"}}));
    ASSERT_TRUE(store().add_subtitles({1}, {{{5}, "PT", "Português"}, {{4}, "EN", "English"}}));
    ASSERT_TRUE(store().claim({{1}, {2}}, {"post:7", at}));
    const Attachments expected{
        .metadata = {{"alt_text", R"({"text":"a \"cat\""})"}},
        .subtitles = {{{4}, "EN", "English"}, {{5}, "PT", "Português"}},
        .additional_owners = {{"user:8"}, {"user:9"}},
        .is_shared = true,
        .claims = {{"post:7", at}},
    };
    EXPECT_EQ(of(1), expected);
    EXPECT_EQ(of(2).claims, expected.claims);
}

TEST_P(AttachmentStoreSuite, MembersAreReplacedOneByOne) {
    ASSERT_TRUE(store().annotate({1}, {{"alt_text", "1"}, {"sticker_info", "2"}}));
    ASSERT_TRUE(store().annotate({1}, {{"alt_text", "3"}}));
    const std::map<std::string, std::string> expected{{"alt_text", "3"}, {"sticker_info", "2"}};
    EXPECT_EQ(of(1).metadata, expected);
}

TEST_P(AttachmentStoreSuite, ATrackReplacesTheOneOfItsLanguage) {
    ASSERT_TRUE(store().add_subtitles({1}, {{{4}, "EN", "English"}}));
    ASSERT_TRUE(store().add_subtitles({1}, {{{6}, "EN", "English (2)"}}));
    EXPECT_EQ(of(1).subtitles, (std::vector<SubtitleTrack>{{{6}, "EN", "English (2)"}}));
    EXPECT_EQ(store().are_attached({4}), false);
    EXPECT_EQ(store().are_attached({6}), true);
}

TEST_P(AttachmentStoreSuite, RemovingALanguageThatIsNotThereRemovesNone) {
    ASSERT_TRUE(store().add_subtitles({1}, {{{4}, "EN", ""}, {{5}, "DE", ""}}));
    const auto refused = store().remove_subtitles({1}, {"EN", "FR"});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::store_not_found);
    EXPECT_EQ(of(1).subtitles.size(), 2u);
    ASSERT_TRUE(store().remove_subtitles({1}, {"EN"}));
    EXPECT_EQ(of(1).subtitles.size(), 1u);
}

TEST_P(AttachmentStoreSuite, SharingAgainReplacesTheOwners) {
    ASSERT_TRUE(store().share({1}, {{"user:8"}}, true));
    ASSERT_TRUE(store().share({1}, {{"user:9"}}, false));
    EXPECT_EQ(store().is_additional_owner({1}, {"user:8"}), false);
    EXPECT_EQ(store().is_additional_owner({1}, {"user:9"}), true);
    EXPECT_EQ(store().is_additional_owner({2}, {"user:9"}), false);
    EXPECT_FALSE(of(1).is_shared);
}

TEST_P(AttachmentStoreSuite, AClaimIsMadeOnce) {
    ASSERT_TRUE(store().claim({{1}}, {"post:7", at}));
    ASSERT_TRUE(store().claim({{1}}, {"post:7", at + std::chrono::seconds(5)}));
    ASSERT_TRUE(store().claim({{1}, {2}}, {"message:9", at}));
    ASSERT_TRUE(store().withdraw({{1}, {2}, {3}}, "message:9"));
    EXPECT_TRUE(of(2).claims.empty());
    ASSERT_TRUE(store().claim({{1}}, {"message:8", at + std::chrono::seconds(1)}));
    EXPECT_EQ(
        of(1).claims,
        (std::vector<MediaClaim>{{"post:7", at}, {"message:8", at + std::chrono::seconds(1)}})
    );
}

TEST_P(AttachmentStoreSuite, ForgettingLeavesNothingAndTouchesNoOther) {
    for (const std::uint64_t id : {1, 2}) {
        ASSERT_TRUE(store().share({id}, {{"user:8"}}, true));
        ASSERT_TRUE(store().annotate({id}, {{"alt_text", "1"}}));
        ASSERT_TRUE(store().add_subtitles({id}, {{{4}, "EN", ""}}));
        ASSERT_TRUE(store().claim({{id}}, {"post:7", at}));
    }
    const Attachments before = of(2);
    ASSERT_TRUE(store().forget({1}));
    EXPECT_EQ(of(1), Attachments());
    EXPECT_EQ(of(2), before);
}

}  // namespace sluice
