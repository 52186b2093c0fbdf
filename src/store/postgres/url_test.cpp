#include "store/postgres/url.hpp"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

// However odd the password, nothing of it is shown.
TEST(PostgresUrl, AnAmbiguousPasswordIsRefusedAndNotShown) {
    for (const char* url :
         {"postgres://me:se@cret@db/sluice",
          "postgres://me:se/cret@db/sluice",
          "postgres://me:se?cret@db/sluice",
          "postgres://me:12?cret@db/sluice",
          "postgres://me:se:cret@db/sluice",
          "postgres://me:se@cret@secret:5432,b/sluice",
          "postgres://db:secret/sluice",
          "postgres://db/sluice?password=se@cret"}) {
        EXPECT_FALSE(check_url(url)) << url;
        EXPECT_EQ(shown_url(url).find("cret"), std::string::npos) << url;
    }
}

TEST(PostgresUrl, WhereItLeadsIsShownWithoutThePassword) {
    EXPECT_EQ(
        shown_url("postgres://me:se%40cret%2F%3F@a:5432,b:5433/sluice?sslmode=prefer"),
        "postgres://me@a,b:5432,5433/sluice"
    );
    EXPECT_EQ(shown_url("postgresql://[::1]:5432/x?password=secret"), "postgres://::1:5432/x");
    EXPECT_TRUE(check_url("postgres:///sluice?user=me&host=/run/postgresql&port=5432"));
}

}  // namespace
}  // namespace sluice::postgres
