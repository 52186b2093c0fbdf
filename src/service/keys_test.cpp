#include "service/keys.hpp"

#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "store/memory/memory_key_store.hpp"

namespace sluice {
namespace {

class KeysTest : public testing::Test {
  protected:
    IssuedKey made() {
        auto issued = keys_.create({.name = "test", .app_name = "app"});
        EXPECT_TRUE(issued);
        return *issued;
    }

    ManualClock clock_;
    IdSource ids_{clock_, 0};
    MemoryKeyStore store_;
    Keys keys_{store_, SecretBox(std::string(32, 'k')), clock_, ids_};
};

TEST_F(KeysTest, AreRecognisedByEachCredential) {
    const IssuedKey issued = made();
    const auto by_bearer = keys_.find_bearer(sha256_hex(issued.bearer_token));
    ASSERT_TRUE(by_bearer && *by_bearer);
    EXPECT_EQ((*by_bearer)->key, issued.key);
    const auto by_consumer = keys_.find_consumer(issued.consumer_key);
    ASSERT_TRUE(by_consumer && *by_consumer);
    EXPECT_EQ((*by_consumer)->consumer_secret, issued.consumer_secret);
    EXPECT_EQ((*by_consumer)->access_token_secret, issued.access_token_secret);
    EXPECT_EQ(keys_.find_bearer(sha256_hex("another")).value(), nullptr);
}

TEST_F(KeysTest, GetHigherIdsThanThoseOfAnEarlierProcessThoughTheClockSteppedBack) {
    const IssuedKey earlier = made();
    clock_.advance(std::chrono::hours(-1));
    IdSource ids(clock_, 0);
    Keys keys(store_, SecretBox(std::string(32, 'k')), clock_, ids);
    ASSERT_TRUE(keys.begin());
    const auto later = keys.create({.name = "later"});
    ASSERT_TRUE(later);
    EXPECT_GT(later->key.id.value, earlier.key.user_id);
    EXPECT_GT(later->key.user_id, earlier.key.user_id);
}

TEST_F(KeysTest, HaveNoSecretInClearInTheStore) {
    const IssuedKey issued = made();
    const StoredCredentials stored = store_.find(issued.key.id)->credentials;
    for (const std::string& text :
         {stored.bearer_digest, stored.consumer_secret, stored.access_token_secret}) {
        EXPECT_EQ(text.find(issued.bearer_token), std::string::npos);
        EXPECT_EQ(text.find(issued.consumer_secret), std::string::npos);
        EXPECT_EQ(text.find(issued.access_token_secret), std::string::npos);
    }
}

TEST_F(KeysTest, HaveTokensInXsShape) {
    const IssuedKey issued = made();
    EXPECT_TRUE(issued.access_token.starts_with(std::to_string(issued.key.user_id) + "-"));
    EXPECT_TRUE(issued.bearer_token.starts_with("slc_"));
    EXPECT_EQ(issued.key.principal().id, "user:" + std::to_string(issued.key.user_id));
}

TEST_F(KeysTest, AreForgottenByTheCacheWhenRevokedHereAndSoonWhenRevokedElsewhere) {
    const IssuedKey issued = made();
    const std::string digest = sha256_hex(issued.bearer_token);
    ASSERT_TRUE(keys_.find_bearer(digest));
    ASSERT_TRUE(keys_.cached_bearer(digest));
    ASSERT_TRUE(store_.revoke(issued.key.id, clock_.now()));
    clock_.advance(Keys::cache_time);
    EXPECT_FALSE(keys_.cached_bearer(digest));
    EXPECT_TRUE((*keys_.find_bearer(digest))->key.revoked_at);

    const IssuedKey other = made();
    ASSERT_TRUE(keys_.find_consumer(other.consumer_key));
    ASSERT_TRUE(keys_.revoke(other.key.id));
    EXPECT_FALSE(keys_.cached_consumer(other.consumer_key));
}

// What may be asked while the database is away.
TEST_F(KeysTest, AreKnownOfLateForAnHourAndNotOnceTheirTokenHasBeenReplacedElsewhere) {
    const IssuedKey issued = made();
    const std::string digest = sha256_hex(issued.bearer_token);
    EXPECT_EQ(keys_.known_of_late(digest), nullptr) << "nobody has used it";
    ASSERT_TRUE(keys_.find_bearer(digest).value());
    clock_.advance(std::chrono::minutes(59));
    ASSERT_NE(keys_.known_of_late(digest), nullptr);
    EXPECT_EQ(keys_.known_of_late(digest)->key, issued.key);
    clock_.advance(std::chrono::minutes(2));
    EXPECT_EQ(keys_.known_of_late(digest), nullptr);

    ASSERT_TRUE(keys_.find_bearer(digest).value());
    Keys elsewhere(store_, SecretBox(std::string(32, 'k')), clock_, ids_);
    ASSERT_TRUE(elsewhere.rotate(issued.key.id));
    clock_.advance(Keys::cache_time);
    EXPECT_EQ(keys_.find_bearer(digest).value(), nullptr);
    EXPECT_EQ(keys_.known_of_late(digest), nullptr);
}

TEST_F(KeysTest, CanBeRenewedAndKeepTheirUser) {
    const IssuedKey old = made();
    const auto fresh = keys_.rotate(old.key.id);
    ASSERT_TRUE(fresh);
    EXPECT_EQ(fresh->key, old.key);
    EXPECT_NE(fresh->bearer_token, old.bearer_token);
    EXPECT_EQ(keys_.find_bearer(sha256_hex(old.bearer_token)).value(), nullptr);
    EXPECT_NE(keys_.find_bearer(sha256_hex(fresh->bearer_token)).value(), nullptr);
}

TEST_F(KeysTest, RefuseWhatHasNoNameAndWhatIsNotThere) {
    EXPECT_EQ(keys_.create({}).error().code, ErrorCode::parameter_invalid);
    EXPECT_EQ(keys_.create({.name = "a\nb"}).error().code, ErrorCode::parameter_invalid);
    EXPECT_EQ(keys_.revoke({99}).error().code, ErrorCode::key_unknown);
    EXPECT_EQ(keys_.rotate({99}).error().code, ErrorCode::key_unknown);
}

}  // namespace
}  // namespace sluice
