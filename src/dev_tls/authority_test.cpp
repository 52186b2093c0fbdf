#include "dev_tls/authority.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace sluice::dev_tls {
namespace {

constexpr std::chrono::hours day{24};

class AuthorityTest : public testing::Test {
  protected:
    AuthorityTest() {
        std::string name = testing::TempDir() + "dev_ca.XXXXXX";
        root_ = ::mkdtemp(name.data());
    }
    ~AuthorityTest() override { std::filesystem::remove_all(root_); }

    Authority open(WallTime now) {
        auto authority = Authority::open(root_ + "/dev-ca", now);
        EXPECT_TRUE(authority) << authority.error().detail;
        return *std::move(authority);
    }
    mode_t mode(const std::string& path) const {
        struct stat facts{};
        EXPECT_EQ(::stat((root_ + path).c_str(), &facts), 0);
        return facts.st_mode & 0777;
    }

    std::string root_;
    const WallTime now_ = SystemClock().now();
};

TEST_F(AuthorityTest, KeepsItsKeyFromOthers) {
    EXPECT_TRUE(open(now_).is_new());
    EXPECT_EQ(mode("/dev-ca"), 0700U);
    EXPECT_EQ(mode("/dev-ca/ca.key"), 0600U);
}

TEST_F(AuthorityTest, IsKeptOverARestartAndRenewedInItsLastDay) {
    const auto first = open(now_);
    EXPECT_LE(first.valid_until() - now_, 30 * day);
    const auto second = open(now_ + 28 * day);
    EXPECT_FALSE(second.is_new());
    EXPECT_EQ(second.certificate(), first.certificate());
    const auto third = open(now_ + 29 * day + std::chrono::hours(1));
    EXPECT_TRUE(third.is_new());
    EXPECT_NE(third.certificate(), first.certificate());
}

TEST_F(AuthorityTest, IsMadeAnewWhenAKeyIsNotItsOwn) {
    const auto first = open(now_);
    std::ofstream(root_ + "/dev-ca/ca.key") << "not a key";
    EXPECT_NE(open(now_).certificate(), first.certificate());
}

TEST_F(AuthorityTest, GivesEachServerAKeyOfItsOwn) {
    const auto authority = open(now_);
    const auto one = authority.issue(now_);
    const auto other = authority.issue(now_);
    ASSERT_TRUE(one && other);
    EXPECT_NE(one->key, other->key);
    EXPECT_TRUE(one->chain.ends_with(authority.certificate()));
}

}  // namespace
}  // namespace sluice::dev_tls
