#include "server/bucket_owner.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <fstream>

#include "server/directory_mark.hpp"
#include "store/disk/data_directory.hpp"
#include "store/s3/test_object_store.hpp"
#include "store/temporary_folder.hpp"

namespace sluice::server {
namespace {

using namespace std::chrono_literals;

constexpr BucketOwner::Times short_times{.look = 100ms, .belief = 1'000ms, .patience = 2'000ms};

class BucketOwnerTest : public testing::Test {
  protected:
    void SetUp() override { lock(folder_.path("a")); }

    static void lock(const std::string& data) {
        ASSERT_TRUE(DirectoryLock::take(data, SystemClock().now()));  // and let go
    }
    // As cp makes it.
    std::string copy_of(const std::string& data, const std::string& name) {
        const std::string to = folder_.path(name);
        std::filesystem::copy(data, to);
        return to;
    }
    // As if the machine had been started anew, or the disk copied.
    static void lie_on_another_machine(const std::string& data) {
        OwnRuns runs = read_own_runs(data);
        for (OwnRun& run : runs) {
            run.place.boot = run.place.boot.empty() ? "" : "another";
        }
        ASSERT_TRUE(write_own_runs(data, runs));
    }
    Result<std::unique_ptr<BucketOwner>> take(
        S3BlobStore& bucket, const std::string& data, bool may_replace = false
    ) {
        return BucketOwner::take(
            bucket,
            {.data = data,
             .may_replace = may_replace,
             .told = [this] { ++replaced_; },
             .times = short_times}
        );
    }
    // What is on the disk and in the bucket while it runs stays, as after a kill.
    void kill(std::unique_ptr<BucketOwner> owner, S3BlobStore& bucket, const std::string& data) {
        const OwnRuns runs = read_own_runs(data);
        const auto text = bucket.read_text(owner_object);
        owner.reset();
        const auto read = bucket.read_tagged(owner_object, {});
        ASSERT_TRUE(text && read && bucket.write_text(owner_object, *text, read->tag));
        ASSERT_TRUE(write_own_runs(data, runs));
    }
    std::unique_ptr<S3BlobStore> open() { return open_s3(url_, folder_.path("scratch")); }

    const TemporaryFolder folder_;
    const std::string url_ = TestObjectStore::shared().make_url();
    std::atomic<int> replaced_ = 0;
};

std::string facts_of(const Result<std::unique_ptr<BucketOwner>>& taken) {
    return taken ? "taken" : taken.error().facts;
}

TEST_F(BucketOwnerTest, IsOneAndNoCopyOfItsDirectoryIsAnother) {
    const auto bucket = open();
    const auto others = open();
    const std::string data = folder_.path("a");
    auto first = take(*bucket, data);
    ASSERT_TRUE(first) << first.error().facts;
    const std::string copy = copy_of(data, "b");
    EXPECT_NE(facts_of(take(*others, copy)).find("is a copy of that server's"), std::string::npos);
    EXPECT_NE(facts_of(take(*others, folder_.path("c"))).find("did not run on"), std::string::npos);
    EXPECT_NE(facts_of(take(*others, copy, true)).find("it has answered"), std::string::npos)
        << "even if it is said to be gone";
    EXPECT_TRUE((*first)->check());
    EXPECT_EQ(replaced_, 0);
    first->reset();
    EXPECT_NE(facts_of(take(*others, copy)).find("did not run on"), std::string::npos)
        << "it was copied before the stop, and knows less";
    const std::string later = copy_of(data, "d");
    EXPECT_TRUE(take(*bucket, data)) << "the one that was stopped";
    EXPECT_NE(facts_of(take(*others, later)).find("did not run on"), std::string::npos);
}

TEST_F(BucketOwnerTest, ADirectoryThatWasMovedAfterAStopGoesOn) {
    const auto bucket = open();
    ASSERT_TRUE(take(*bucket, folder_.path("a")));
    const std::string moved = copy_of(folder_.path("a"), "b");
    EXPECT_TRUE(take(*bucket, moved));
    EXPECT_FALSE(take(*bucket, folder_.path("a")));
}

TEST_F(BucketOwnerTest, WhoWasKilledIsFollowedAtOnce) {
    const auto bucket = open();
    const std::string data = folder_.path("a");
    for (int i = 0; i < 2; ++i) {
        auto first = take(*bucket, data);
        ASSERT_TRUE(first);
        kill(*std::move(first), *bucket, data);
        const auto begun = std::chrono::steady_clock::now();
        ASSERT_TRUE(take(*bucket, data));
        EXPECT_LT(std::chrono::steady_clock::now() - begun, short_times.patience);
    }
    // Between the directory and the bucket: the bucket has the run before.
    OwnRuns runs = read_own_runs(data);
    ASSERT_TRUE(write_own_runs(data, {OwnRun{"never", place_of(data)}, runs[0]}));
    EXPECT_TRUE(take(*bucket, data));
}

// What a start that was killed has sent may come to the bucket at any time later.
TEST_F(BucketOwnerTest, WhatAKilledStartHasSentMayComeLate) {
    const auto bucket = open();
    const std::string data = folder_.path("a");
    auto first = take(*bucket, data);
    ASSERT_TRUE(first);
    kill(*std::move(first), *bucket, data);
    const OwnRuns runs = read_own_runs(data);
    ASSERT_TRUE(write_own_runs(data, {OwnRun{"late", place_of(data)}, runs[0], runs[1]}));
    const auto send_late = [&] {
        const auto read = bucket->read_tagged(owner_object, {});
        return read && bucket->write_text(owner_object, text_of({.run = "late"}), read->tag);
    };
    auto second = take(*bucket, data);
    ASSERT_TRUE(second) << facts_of(second);
    ASSERT_TRUE(send_late());
    std::this_thread::sleep_for(short_times.belief);
    EXPECT_TRUE((*second)->check()) << "it has said once more whose it is";
    kill(*std::move(second), *bucket, data);
    ASSERT_TRUE(send_late());
    const auto third = take(*bucket, data);
    EXPECT_TRUE(third) << facts_of(third);
}

TEST_F(BucketOwnerTest, WhoMayLiveElsewhereIsAskedFirst) {
    const auto bucket = open();
    const auto others = open();
    const std::string data = folder_.path("a");
    auto first = take(*bucket, data);
    ASSERT_TRUE(first);
    lie_on_another_machine(data);
    EXPECT_NE(facts_of(take(*others, data)).find("it has answered"), std::string::npos);
    EXPECT_TRUE((*first)->check());
    kill(*std::move(first), *bucket, data);
    lie_on_another_machine(data);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_TRUE(take(*others, data));
    EXPECT_GE(std::chrono::steady_clock::now() - begun, short_times.patience);
}

TEST_F(BucketOwnerTest, WhoWasReplacedIsToldAndChangesNothing) {
    const auto bucket = open();
    auto first = take(*bucket, folder_.path("a"));
    ASSERT_TRUE(first);
    auto writer = bucket->stage({5});
    ASSERT_TRUE(writer && (*writer)->write(std::vector<std::byte>(10)) && (*writer)->commit());
    const auto read = bucket->read_tagged(owner_object, {});
    OwnerRecord other = parse_owner(read->text);
    other.run = "other";
    ASSERT_TRUE(bucket->write_text(owner_object, text_of(other), read->tag));
    for (int i = 0; i < 100 && replaced_ == 0; ++i) {
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(replaced_, 1);
    EXPECT_EQ((*first)->check().error().code, ErrorCode::storage_unavailable);
    EXPECT_FALSE(bucket->remove({{5}, {0}, {10}}));
    first->reset();
    EXPECT_EQ(parse_owner(bucket->read_text(owner_object).value()), other) << "not released either";
}

TEST_F(BucketOwnerTest, WhatComesLateOrWasRemovedIsPutRight) {
    const auto bucket = open();
    const std::string data = folder_.path("a");
    ASSERT_TRUE(take(*bucket, data));
    auto second = take(*bucket, data);
    ASSERT_TRUE(second);
    const std::string ours = bucket->read_text(owner_object).value();
    OwnerRecord late = parse_owner(ours);
    late.run = read_own_runs(data)[1].id;
    const auto read = bucket->read_tagged(owner_object, {});
    ASSERT_TRUE(bucket->write_text(owner_object, text_of(late), read->tag));
    for (int i = 0; i < 100 && bucket->read_text(owner_object).value() != ours; ++i) {
        std::this_thread::sleep_for(50ms);
    }
    EXPECT_EQ(bucket->read_text(owner_object).value(), ours);
    EXPECT_TRUE((*second)->check());
    EXPECT_EQ(replaced_, 0);
}

TEST_F(BucketOwnerTest, GivenToNodesItIsNoLongerThatOfADirectory) {
    const auto bucket = open();
    const auto others = open();
    const std::string data = folder_.path("a");
    auto first = take(*bucket, data);
    ASSERT_TRUE(first);
    const BucketOwner::Terms of_node{
        .data = folder_.path("node"), .told = [] {}, .times = short_times
    };
    EXPECT_FALSE(BucketOwner::give_to_nodes(*others, of_node)) << "it is at work";
    first->reset();
    ASSERT_TRUE(BucketOwner::give_to_nodes(*others, of_node));
    ASSERT_TRUE(BucketOwner::give_to_nodes(*others, of_node)) << "the next node";
    EXPECT_NE(facts_of(take(*bucket, data)).find("nodes of a PostgreSQL"), std::string::npos);
}

}  // namespace
}  // namespace sluice::server
