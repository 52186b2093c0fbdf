#include "protocol/common/parameters.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol {
namespace {

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
    ASSERT_TRUE(parameters.add("media_id", "1", "query"));
    EXPECT_TRUE(parameters.add("media_id", "1", "body"));
    const auto conflict = parameters.add("media_id", "2", "body");
    ASSERT_FALSE(conflict);
    EXPECT_EQ(conflict.error().code, ErrorCode::parameter_conflict);
    EXPECT_NE(
        conflict.error().facts.find("\"1\" in the query and \"2\" in the body"), std::string::npos
    );
}

TEST(Parameters, LetAnEmptyValueYield) {
    Parameters parameters;
    ASSERT_TRUE(parameters.add("media_id", "", "query"));
    ASSERT_TRUE(parameters.add("media_id", "2", "body"));
    EXPECT_EQ(parameters.get("media_id"), "2");
}

TEST(Parameters, AddUpTheEntriesOfAList) {
    Parameters parameters;
    ASSERT_TRUE(parameters.add("additional_owners", "1,2", "query"));
    ASSERT_TRUE(parameters.add("additional_owners[]", "3", "multipart body"));
    EXPECT_EQ(parameters.get("additional_owners"), "1,2,3");
}

TEST(Parameters, RefuseBrokenPercentEncoding) {
    EXPECT_EQ(Parameters().add_query("a=%zz").error().code, ErrorCode::parameter_invalid);
}

}  // namespace
}  // namespace sluice::protocol
