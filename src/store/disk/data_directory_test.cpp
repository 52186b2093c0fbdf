#include "store/disk/data_directory.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

constexpr WallTime now{std::chrono::milliseconds{1'790'000'000'000}};

TEST(DirectoryLock, MakesTheDirectoryForItsOwnerOnly) {
    const TemporaryFolder folder;
    const std::string path = folder.path("deep/data");
    ASSERT_TRUE(DirectoryLock::take(path, now));
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST(DirectoryLock, ASecondOneIsRefusedAndToldWhoHoldsIt) {
    const TemporaryFolder folder;
    const auto first = DirectoryLock::take(folder.path("data"), now);
    ASSERT_TRUE(first);
    const auto second = DirectoryLock::take(folder.path("data"), now);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::storage_failed);
    const std::string holder = "pid " + std::to_string(::getpid()) + " since " + rfc3339(now);
    EXPECT_NE(second.error().facts.find(holder), std::string::npos) << second.error().facts;
}

TEST(DirectoryLock, IsFreeAgainWhenItsHolderIsGone) {
    const TemporaryFolder folder;
    {
        const auto first = DirectoryLock::take(folder.path("data"), now);
        ASSERT_TRUE(first);
    }
    EXPECT_TRUE(DirectoryLock::take(folder.path("data"), now));
}

TEST(DirectoryLock, WillNotFollowASymbolicLink) {
    const TemporaryFolder folder;
    std::filesystem::create_directory(folder.path("data"));
    std::filesystem::create_symlink(folder.path("elsewhere"), folder.path("data/lock"));
    EXPECT_FALSE(DirectoryLock::take(folder.path("data"), now));
    EXPECT_FALSE(std::filesystem::exists(folder.path("elsewhere")));
}

}  // namespace
}  // namespace sluice
