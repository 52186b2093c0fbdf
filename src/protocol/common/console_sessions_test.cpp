#include "protocol/common/console_sessions.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol {
namespace {

http::Request with_cookie(const std::string& set_cookie, const char* method = "GET") {
    http::Request request;
    request.method = method;
    request.headers.push_back({"Host", "sluice.test:8080"});
    request.headers.push_back({"Cookie", "a=b; " + set_cookie.substr(0, set_cookie.find(';'))});
    return request;
}

TEST(ConsoleSessions, ACookieStandsForItsHolderUntilItEnds) {
    ManualClock clock;
    const ConsoleSessions sessions("key", clock);
    const auto request = with_cookie(sessions.cookie_for("abc", false));
    ASSERT_TRUE(sessions.session_of(request));
    EXPECT_EQ(sessions.session_of(request)->holder, "abc");
    EXPECT_EQ(sessions.session_of(request)->ends - clock.now(), ConsoleSessions::lifetime);
    clock.advance(ConsoleSessions::lifetime + std::chrono::seconds(1));
    EXPECT_FALSE(sessions.session_of(request));
}

TEST(ConsoleSessions, ACookieOfAnotherKeyOrWithAnotherHolderIsNone) {
    ManualClock clock;
    const ConsoleSessions sessions("key", clock);
    const ConsoleSessions others("other", clock);
    EXPECT_FALSE(sessions.session_of(with_cookie(others.cookie_for("abc", false))));
    auto changed = sessions.cookie_for("abc", false);
    changed.replace(changed.find("abc"), 3, "abd");
    EXPECT_FALSE(sessions.session_of(with_cookie(changed)));
    EXPECT_FALSE(sessions.session_of(with_cookie("sluice_session=operator")));
}

TEST(ConsoleSessions, AChangeHasToComeFromThisSite) {
    ManualClock clock;
    const ConsoleSessions sessions("key", clock);
    auto request = with_cookie(sessions.cookie_for("abc", true), "POST");
    EXPECT_FALSE(sessions.session_of(request));
    request.headers.push_back({"Origin", "https://evil.test"});
    EXPECT_FALSE(sessions.session_of(request));
    request.headers.back().value = "https://sluice.test:8080";
    EXPECT_TRUE(sessions.session_of(request));
}

TEST(ConsoleSessions, ALinkIsGoodOnce) {
    ManualClock clock;
    ConsoleSessions sessions("key", clock);
    EXPECT_FALSE(sessions.use_link_code(""));
    const auto code = sessions.make_link_code();
    EXPECT_FALSE(sessions.use_link_code("wrong"));
    EXPECT_TRUE(sessions.use_link_code(code));
    EXPECT_FALSE(sessions.use_link_code(code));
}

TEST(ConsoleSessions, ALinkHasAnEnd) {
    ManualClock clock;
    ConsoleSessions sessions("key", clock);
    const auto code = sessions.make_link_code();
    clock.advance(ConsoleSessions::link_lifetime);
    EXPECT_FALSE(sessions.use_link_code(code));
}

TEST(ConsoleSessions, EachHasAMarkOfItsOwn) {
    ManualClock clock;
    const ConsoleSessions sessions("key", clock);
    const auto mine = sessions.session_of(with_cookie(sessions.cookie_for("abc", false)));
    const auto other = sessions.session_of(with_cookie(sessions.cookie_for("abc", false)));
    EXPECT_NE(mine->mark, other->mark);
}

TEST(ConsoleSessions, TheOperatorsIsGoodAtAllNodes) {
    ManualClock clock;
    const ConsoleSessions here("key", clock, "word");
    const ConsoleSessions there("key", clock, "word");
    const auto by_link = with_cookie(here.cookie_for(ConsoleSessions::operator_holder, false));
    EXPECT_TRUE(there.session_of(by_link));
}

TEST(ConsoleSessions, TheOperatorsEndsWithTheProcess) {
    ManualClock clock;
    const ConsoleSessions sessions("key", clock);
    const auto by_link = with_cookie(sessions.cookie_for(ConsoleSessions::operator_holder, false));
    const auto by_key = with_cookie(sessions.cookie_for("abc", false));
    EXPECT_TRUE(sessions.session_of(by_link));
    const ConsoleSessions later("key", clock);
    EXPECT_FALSE(later.session_of(by_link));
    EXPECT_TRUE(later.session_of(by_key));
}

}  // namespace
}  // namespace sluice::protocol
