#include "store/disk/key_file.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/temporary_folder.hpp"

namespace sluice {
namespace {

TEST(KeyFile, IsMadeOnceForItsOwnerAlone) {
    const TemporaryFolder folder;
    const std::string path = folder.path("keys.secret");
    const auto key = read_or_make_key_file(path);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->size(), 32u);
    EXPECT_EQ(read_or_make_key_file(path).value(), *key);
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST(KeyFile, IsRefusedWhenOthersMayReadItOrItWasCut) {
    const TemporaryFolder folder;
    const std::string path = folder.path("keys.secret");
    ASSERT_TRUE(read_or_make_key_file(path));
    ASSERT_EQ(::chmod(path.c_str(), 0644), 0);
    EXPECT_NE(read_or_make_key_file(path).error().facts.find("chmod 600"), std::string::npos);
    ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
    std::ofstream(path) << "short";
    EXPECT_NE(read_or_make_key_file(path).error().facts.find("32 bytes"), std::string::npos);
    EXPECT_FALSE(read_or_make_key_file(folder.path("no/such/folder")));
}

}  // namespace
}  // namespace sluice
