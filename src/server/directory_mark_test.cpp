#include "server/directory_mark.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>

namespace sluice::server {
namespace {

class DirectoryMark : public testing::Test {
  protected:
    DirectoryMark() {
        std::string name = "/tmp/sluice-mark.XXXXXX";
        folder_ = ::mkdtemp(name.data());
    }
    ~DirectoryMark() override { std::filesystem::remove_all(folder_); }

    std::string folder_;
};

TEST_F(DirectoryMark, IsTheSameForAllWhoBegin) {
    const auto first = promised_mark(folder_);
    const auto second = promised_mark(folder_);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(*first, *second);
    EXPECT_EQ(read_mark(folder_), "");
    ASSERT_TRUE(keep_promised_mark(folder_, *first));
    ASSERT_TRUE(keep_promised_mark(folder_, *second));
    EXPECT_EQ(read_mark(folder_), *first);
}

// Two have been promised the same; when the first one has kept it, a third looks for a promise and finds none.
TEST_F(DirectoryMark, IsWhatWasPromisedThoughAnotherIsPromisedMeanwhile) {
    const auto promised = promised_mark(folder_);
    ASSERT_TRUE(promised && keep_promised_mark(folder_, *promised));
    ASSERT_TRUE(promised_mark(folder_));
    ASSERT_TRUE(keep_promised_mark(folder_, *promised));
    EXPECT_EQ(read_mark(folder_), *promised);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

}  // namespace
}  // namespace sluice::server
