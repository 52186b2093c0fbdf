#include "client/retry.hpp"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Retry, OnlyTemporaryAnswersAreTriedAgain) {
    for (const int status : {408, 425, 429, 500, 502, 503, 504, 507}) {
        EXPECT_TRUE(is_temporary(status)) << status;
    }
    for (const int status : {200, 400, 401, 404, 409, 413, 501, 505}) {
        EXPECT_FALSE(is_temporary(status)) << status;
    }
}

TEST(Retry, WaitsARandomPartOfADoublingTimeWithACap) {
    EXPECT_EQ(retry_delay(1, std::nullopt, 0.0), milliseconds(0));
    EXPECT_EQ(retry_delay(1, std::nullopt, 0.5), milliseconds(250));
    EXPECT_EQ(retry_delay(3, std::nullopt, 0.5), milliseconds(1000));
    EXPECT_EQ(retry_delay(40, std::nullopt, 0.5), milliseconds(15'000));
}

TEST(Retry, NeverComesBackBeforeRetryAfter) {
    EXPECT_EQ(retry_delay(1, seconds(9), 0.0), milliseconds(9000));
    EXPECT_GE(retry_delay(7, seconds(9), 0.9), milliseconds(9000));
}

}  // namespace
}  // namespace sluice::client
