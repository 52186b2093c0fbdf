#include "core/access_key.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(Scopes, AreReadAndNamed) {
    const auto scopes = parse_scopes("media.write, tweet.read");
    ASSERT_TRUE(scopes);
    EXPECT_EQ(listed(*scopes), "media.write, tweet.read");
    EXPECT_TRUE(has_scope(*scopes, Scope::media_write));
    EXPECT_FALSE(has_scope(*scopes, Scope::admin));
    EXPECT_EQ(parse_scopes(listed(Scope::all)).value(), Scope::all);
    EXPECT_FALSE(has_scope(usual_scopes, Scope::admin));
    EXPECT_EQ(listed(Scope::none), "none");
}

TEST(Scopes, ThatDoNotExistAreNamedWithThoseThatDo) {
    for (const char* text : {"media.wirte", "", ","}) {
        const auto scopes = parse_scopes(text);
        ASSERT_FALSE(scopes) << text;
        EXPECT_NE(scopes.error().facts.find("media.write"), std::string::npos);
    }
}

}  // namespace
}  // namespace sluice
