#include "client/resume_store.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

namespace sluice::client {
namespace {

class ResumeStoreTest : public ::testing::Test {
  protected:
    ResumeStoreTest()
        : folder_(
              std::filesystem::temp_directory_path() /
              ("sluice-resume-" + std::to_string(::getpid()))
          ) {}
    ~ResumeStoreTest() override { std::filesystem::remove_all(folder_); }

    std::filesystem::path only_file() const {
        return std::filesystem::directory_iterator(folder_)->path();
    }

    std::filesystem::path folder_;
    ResumeKey key_{
        .path = "/a", .size = 3, .modified_ns = 9, .target = "http://s", .protocol = "x2"
    };
    ResumeState state_{
        .media_id = "5",
        .chunk_size = 8,
        .acknowledged = {0, 2},
        .media_type = "t/\"x",
        .category = "c"
    };
};

TEST_F(ResumeStoreTest, RemembersAStateUntilItIsErased) {
    auto store = FileResumeStore(folder_ / "deep");
    EXPECT_FALSE(store.load(key_));
    ASSERT_TRUE(store.save(key_, state_));
    EXPECT_EQ(FileResumeStore(folder_ / "deep").load(key_), state_);
    store.erase(key_);
    EXPECT_FALSE(store.load(key_));
}

TEST_F(ResumeStoreTest, KeepsFilesThatOnlyTheOwnerReads) {
    auto store = FileResumeStore(folder_);
    ASSERT_TRUE(store.save(key_, state_));
    struct stat facts = {};
    ASSERT_EQ(::stat(only_file().c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
}

TEST_F(ResumeStoreTest, DoesNotMixUploadsThatDifferInAnyPartOfTheKey) {
    auto store = FileResumeStore(folder_);
    ASSERT_TRUE(store.save(key_, state_));
    for (auto change : {0, 1, 2, 3, 4}) {
        auto other = key_;
        change == 0   ? void(other.path = "/b")
        : change == 1 ? void(other.size = 4)
        : change == 2 ? void(other.modified_ns = 8)
        : change == 3 ? void(other.target = "http://t")
                      : void(other.protocol = "x1");
        EXPECT_FALSE(store.load(other)) << change;
    }
}

TEST_F(ResumeStoreTest, TakesABrokenFileForNone) {
    auto store = FileResumeStore(folder_);
    ASSERT_TRUE(store.save(key_, state_));
    std::ofstream(only_file(), std::ios::trunc) << "{\"media_id\":";
    EXPECT_FALSE(store.load(key_));
}

}  // namespace
}  // namespace sluice::client
