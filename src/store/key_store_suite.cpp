#include "store/key_store_suite.hpp"

namespace sluice {
namespace {

constexpr WallTime now{std::chrono::milliseconds{1'790'000'000'000}};

ErrorCode code_of(const Error& error) {
    return error.code;
}

}  // namespace

StoredKey key_for_test(std::uint64_t id) {
    const std::string number = std::to_string(id);
    return {
        .key =
            {.id = {id},
             .name = "key " + number,
             .user_id = 1000 + id,
             .app_name = "app",
             .scopes = Scope::media_write | Scope::tweet_read,
             .created_at = now,
             .expires_at = now + std::chrono::hours{1}},
        .credentials =
            {.bearer_digest = "bearer" + number,
             .app_bearer_digest = "app" + number,
             .consumer_key = "consumer" + number,
             .consumer_secret = "sealed",
             .access_token = number + "-token",
             .access_token_secret = "sealed too"},
    };
}

TEST_P(KeyStoreSuite, FindsAKeyByEachOfItsCredentials) {
    const StoredKey key = key_for_test(7);
    ASSERT_TRUE(store().create(key));
    ASSERT_TRUE(store().create(key_for_test(8)));
    EXPECT_EQ(store().find({7}).value(), key);
    EXPECT_EQ(store().find_by_bearer("bearer7").value(), key);
    EXPECT_EQ(store().find_by_bearer("app7").value(), key);
    EXPECT_EQ(store().find_by_consumer("consumer7").value(), key);
}

TEST_P(KeyStoreSuite, FindsNothingElse) {
    ASSERT_TRUE(store().create(key_for_test(7)));
    EXPECT_EQ(code_of(store().find({8}).error()), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().find_by_bearer("consumer7").error()), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().find_by_consumer("").error()), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().revoke({8}, now).error()), ErrorCode::store_not_found);
    EXPECT_EQ(code_of(store().replace_credentials({8}, {}).error()), ErrorCode::store_not_found);
}

TEST_P(KeyStoreSuite, RefusesAnIdOrACredentialThatIsTaken) {
    ASSERT_TRUE(store().create(key_for_test(7)));
    EXPECT_EQ(code_of(store().create(key_for_test(7)).error()), ErrorCode::store_conflict);
    StoredKey other = key_for_test(8);
    other.credentials.consumer_key = "consumer7";
    EXPECT_EQ(code_of(store().create(other).error()), ErrorCode::store_conflict);
    EXPECT_EQ(store().list()->size(), 1u);
}

TEST_P(KeyStoreSuite, ListsNewestFirst) {
    ASSERT_TRUE(store().create(key_for_test(7)));
    ASSERT_TRUE(store().create(key_for_test(9)));
    const auto keys = store().list();
    ASSERT_TRUE(keys);
    ASSERT_EQ(keys->size(), 2u);
    EXPECT_EQ(keys->front().id, KeyId{9});
}

TEST_P(KeyStoreSuite, RevokesOnceAndForAll) {
    ASSERT_TRUE(store().create(key_for_test(7)));
    ASSERT_TRUE(store().revoke({7}, now));
    ASSERT_TRUE(store().revoke({7}, now + std::chrono::hours{2}));
    EXPECT_EQ(store().find({7})->key.revoked_at, now);
}

TEST_P(KeyStoreSuite, ReplacesCredentialsOfOneKey) {
    ASSERT_TRUE(store().create(key_for_test(7)));
    ASSERT_TRUE(store().create(key_for_test(8)));
    const StoredCredentials by = key_for_test(70).credentials;
    ASSERT_TRUE(store().replace_credentials({7}, by));
    EXPECT_EQ(store().find({7})->credentials, by);
    EXPECT_EQ(code_of(store().find_by_bearer("bearer7").error()), ErrorCode::store_not_found);
    EXPECT_TRUE(store().find_by_bearer("bearer8"));
}

TEST_P(KeyStoreSuite, SeesANonceOnceForEachKeyAndTimestamp) {
    EXPECT_EQ(store().use_nonce({{7}, 1000, "abc"}, 700).value(), NonceVerdict::fresh);
    EXPECT_EQ(store().use_nonce({{7}, 1000, "abc"}, 700).value(), NonceVerdict::seen);
    EXPECT_EQ(store().use_nonce({{7}, 1001, "abc"}, 700).value(), NonceVerdict::fresh);
    EXPECT_EQ(store().use_nonce({{8}, 1000, "abc"}, 700).value(), NonceVerdict::fresh);
    EXPECT_EQ(store().use_nonce({{7}, 1000, "abd"}, 700).value(), NonceVerdict::fresh);
}

TEST_P(KeyStoreSuite, RemembersASessionThatWasEndedUntilItsTimeIsOver) {
    EXPECT_FALSE(store().is_session_ended("a").value());
    ASSERT_TRUE(store().end_session("a", now + std::chrono::hours{2}, now));
    ASSERT_TRUE(store().end_session("a", now + std::chrono::hours{2}, now)) << "twice";
    ASSERT_TRUE(store().end_session("b", now + std::chrono::hours{4}, now + std::chrono::hours{1}));
    EXPECT_TRUE(store().is_session_ended("a").value());
    ASSERT_TRUE(store().end_session("c", now + std::chrono::hours{9}, now + std::chrono::hours{3}));
    EXPECT_FALSE(store().is_session_ended("a").value());
    EXPECT_TRUE(store().is_session_ended("b").value());
}

}  // namespace sluice
