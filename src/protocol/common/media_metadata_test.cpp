#include "protocol/common/media_metadata.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

namespace sluice::protocol {
namespace {

Result<MediaMetadata> metadata(std::string_view text, UnknownMembers unknown) {
    return metadata_of(boost::json::parse(text).as_object(), unknown);
}

std::string refused(std::string_view text) {
    const auto checked = metadata(text, UnknownMembers::refused);
    return checked ? "" : checked.error().facts;
}

TEST(MediaMetadata, CountsCharactersAndNotBytes) {
    EXPECT_EQ(code_points("aé€😀"), 4u);
    std::string text;
    for (int i = 0; i < 1000; ++i) {
        text += "😀";
    }
    EXPECT_EQ(refused(R"({"alt_text":{"text":")" + text + R"("}})"), "");
    const auto longer =
        metadata(R"({"alt_text":{"text":")" + text + R"(x"}})", UnknownMembers::refused);
    ASSERT_FALSE(longer);
    EXPECT_EQ(longer.error().code, ErrorCode::alt_text_too_long);
    EXPECT_EQ(longer.error().facts, "alt_text.text has 1001 characters, 1000 are allowed.");
}

TEST(MediaMetadata, TakesEveryMemberThatXDocuments) {
    const auto all = metadata(
        R"({"alt_text":{"text":"a"},"allow_download_status":{"allow_download":true},)"
        R"("audience_policy":{"creator_subscriptions":["Any"]},"content_expiration":{"timestamp_sec":1},)"
        R"("domain_restrictions":{"whitelist":["x.org"]},"found_media_origin":{"id":"1","provider":"giphy"},)"
        R"("geo_restrictions":{"blacklisted_country_codes":["US"]},"management_info":{"managed":false},)"
        R"("preview_image":{"media_key":{"media":"3_1"}},"sensitive_media_warning":{"other":true},)"
        R"("shared_info":{"shared":true},"sticker_info":{"stickers":[{"id":"1"}]},)"
        R"("upload_source":{"upload_source":"gallery"}})",
        UnknownMembers::refused
    );
    ASSERT_TRUE(all) << all.error().facts;
    EXPECT_EQ(all->members.size(), 13u);
    EXPECT_EQ(all->members.at("alt_text"), R"({"text":"a"})");
    EXPECT_EQ(all->is_shared, true);
}

TEST(MediaMetadata, NamesWhatIsWrong) {
    EXPECT_EQ(
        refused(R"({"alt_text":"a cat"})"),
        R"(alt_text is a string ("a cat"); expected is an object {"text": a string}.)"
    );
    EXPECT_EQ(refused(R"({"alt_text":{}})"), "alt_text.text is missing.");
    EXPECT_EQ(
        refused(R"({"alt_txt":{}})"), R"(metadata has a member "alt_txt". Did you mean alt_text?)"
    );
    EXPECT_NE(
        refused(R"({"sticker_info":{"stickers":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,)"
                R"(19,20,21,22,23,24,25,26]}})")
            .find("26 entries, 25 are allowed"),
        std::string::npos
    );
    EXPECT_NE(
        refused(R"({"found_media_origin":{"id":"1","provider":"123456789"}})").find("9 characters"),
        std::string::npos
    );
    EXPECT_NE(
        refused(R"({"shared_info":{"shared":"yes"}})").find("true or false"), std::string::npos
    );
}

TEST(MediaMetadata, LetsUnknownMembersBeBesideTheIdOfV1) {
    const auto read = metadata(R"({"media_id":"1","alt_text":null})", UnknownMembers::let_be);
    ASSERT_TRUE(read);
    EXPECT_TRUE(read->members.empty());
}

}  // namespace
}  // namespace sluice::protocol
