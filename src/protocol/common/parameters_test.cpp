#include "protocol/common/parameters.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol {
namespace {

using Place = Parameters::Place;

TEST(Parameters, ComeFromTheQueryDecoded) {
    Parameters parameters;
    ASSERT_TRUE(parameters.add_query("command=INIT&media_type=video%2Fmp4&x=a+b&empty&=nameless"));
    EXPECT_EQ(parameters.get("media_type"), "video/mp4");
    EXPECT_EQ(parameters.get("x"), "a b");
    EXPECT_TRUE(parameters.has("empty"));
    EXPECT_FALSE(parameters.has("absent"));
}

TEST(Parameters, MayComeTwiceWithTheSameValueOnly) {
    Parameters parameters;
    ASSERT_TRUE(parameters.add("media_id", "1", Place::query));
    EXPECT_TRUE(parameters.add("media_id", "1", Place::form_body));
    const auto conflict = parameters.add("media_id", "2", Place::form_body);
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().code, ErrorCode::parameter_conflict);
    EXPECT_NE(
        conflict.error().facts.find("\"1\" in the query and \"2\" in the form body"),
        std::string::npos
    );
}

TEST(Parameters, LetAnEmptyValueYield) {
    Parameters parameters;
    ASSERT_TRUE(parameters.add("media_id", "", Place::query));
    ASSERT_TRUE(parameters.add("media_id", "2", Place::form_body));
    EXPECT_EQ(parameters.get("media_id"), "2");
}

TEST(Parameters, AddUpTheEntriesOfAList) {
    Parameters parameters;
    ASSERT_TRUE(parameters.add("additional_owners", "1,2", Place::query));
    ASSERT_TRUE(parameters.add("additional_owners[]", "3", Place::multipart_body));
    EXPECT_EQ(parameters.get("additional_owners"), "1,2,3");
}

TEST(Parameters, AreListedByNameWithTheirPlace) {
    Parameters parameters;
    EXPECT_EQ(parameters.listed(), "none");
    ASSERT_TRUE(parameters.add_query("media_id=1&command=APPEND"));
    ASSERT_TRUE(parameters.add("a", "", Place::json_body));
    ASSERT_TRUE(parameters.add("segment_index", "0", Place::multipart_body));
    ASSERT_TRUE(parameters.add("media_key", "", Place::query));
    ASSERT_TRUE(parameters.add("media_key", "3_1", Place::path));
    EXPECT_EQ(
        parameters.listed(),
        "a (JSON body), command (query), media_id (query), media_key (path), "
        "segment_index (multipart body)"
    );
    EXPECT_EQ(parameters.first_with("media_"), "media_id");
    EXPECT_EQ(parameters.first_with("media_k"), "media_key");
    EXPECT_EQ(parameters.first_with("mediaX"), "");
    parameters.remove("media_id");
    EXPECT_FALSE(parameters.has("media_id"));
    EXPECT_EQ(parameters.first_with("media_"), "media_key");
}

TEST(Parameters, FindEachOfMany) {
    Parameters parameters;
    for (int i = 0; i < 300; ++i) {
        const int name = i * 7 % 300;
        ASSERT_TRUE(parameters.add(std::to_string(name), std::to_string(name * 2), Place::query));
    }
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(parameters.get(std::to_string(i)), std::to_string(i * 2));
        EXPECT_FALSE(parameters.add(std::to_string(i), "other", Place::query));
    }
    EXPECT_TRUE(parameters.listed().starts_with("0 (query), 1 (query), 10 (query), 100 (query), "));
    EXPECT_TRUE(parameters.listed().ends_with(", 98 (query), 99 (query)"));
    for (int i = 0; i < 300; i += 3) {
        parameters.remove(std::to_string(i));
    }
    for (int i = 0; i < 300; ++i) {
        EXPECT_EQ(parameters.has(std::to_string(i)), i % 3 != 0) << i;
    }
    EXPECT_EQ(parameters.first_with("9"), "91");
}

TEST(Parameters, RefuseBrokenPercentEncoding) {
    EXPECT_EQ(Parameters().add_query("a=%zz").error().code, ErrorCode::parameter_invalid);
}

}  // namespace
}  // namespace sluice::protocol
