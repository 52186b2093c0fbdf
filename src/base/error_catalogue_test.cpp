#include "base/error_catalogue.hpp"

#include <gtest/gtest.h>

#include <set>

namespace sluice {
namespace {

TEST(ErrorCatalogue, HasUniqueSlugsAndWholeRows) {
    std::set<std::string_view> slugs;
    for (const ErrorEntry& entry : error_catalogue()) {
        EXPECT_TRUE(slugs.insert(entry.slug).second) << entry.slug;
        // A notice goes with an answer that succeeds.
        EXPECT_EQ(entry.status < 400, entry.code == ErrorCode::category_missing) << entry.slug;
        EXPECT_EQ(find_error(entry.slug), &entry);
    }
}

TEST(ErrorCatalogue, Keeps503ForWhatPassesByItself) {
    for (const ErrorEntry& entry : error_catalogue()) {
        EXPECT_EQ(
            entry.status == 503,
            entry.code == ErrorCode::overloaded || entry.code == ErrorCode::shutting_down ||
                entry.code == ErrorCode::database_unavailable ||
                entry.code == ErrorCode::storage_unavailable ||
                entry.code == ErrorCode::fault_injected
        ) << entry.slug;
    }
}

}  // namespace
}  // namespace sluice
