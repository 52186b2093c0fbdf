#include "store/disk/ballast.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

TEST(Ballast, IsDroppedOnceAndMadeAgain) {
    const TemporaryFolder folder;
    Ballast ballast(folder.path("ballast"), {4096});
    EXPECT_FALSE(ballast.drop(true));
    ballast.refill({});
    EXPECT_EQ(std::filesystem::file_size(folder.path("ballast")), 1024u);
    EXPECT_TRUE(ballast.drop(false));
    EXPECT_FALSE(ballast.drop(false));
    ballast.refill({});
    EXPECT_TRUE(std::filesystem::exists(folder.path("ballast")));
}

TEST(Ballast, TheLastIsForWhatIsVital) {
    const TemporaryFolder folder;
    Ballast ballast(folder.path("ballast"), {4096});
    ballast.refill({});
    EXPECT_TRUE(ballast.drop(true));
    EXPECT_FALSE(std::filesystem::exists(folder.path("ballast")));
    EXPECT_FALSE(ballast.drop(false));
    EXPECT_EQ(std::filesystem::file_size(folder.path("ballast.last")), 4096u);
    EXPECT_TRUE(ballast.drop(true));
    EXPECT_FALSE(std::filesystem::exists(folder.path("ballast.last")));
}

TEST(Ballast, IsNotMadeOfWhatWasPromised) {
    const TemporaryFolder folder;
    Ballast ballast(folder.path("ballast"), {4096});
    ballast.refill({std::uint64_t{1} << 60});
    EXPECT_FALSE(std::filesystem::exists(folder.path("ballast")));
    EXPECT_FALSE(std::filesystem::exists(folder.path("ballast.last")));
}

TEST(Ballast, IsNotMadeWhereThereIsLittleRoom) {
    const TemporaryFolder folder;
    Ballast(folder.path("ballast"), {std::uint64_t{1} << 60}).refill({});
    EXPECT_FALSE(std::filesystem::exists(folder.path("ballast")));
}

}  // namespace
}  // namespace sluice
