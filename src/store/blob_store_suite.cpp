#include "store/blob_store_suite.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "base/digest.hpp"

namespace sluice {
namespace {

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::internal : result.error().code;
}

std::vector<std::byte> joined(std::vector<std::byte> first, const std::vector<std::byte>& second) {
    first.insert(first.end(), second.begin(), second.end());
    return first;
}

Placement place_at(std::uint64_t at, std::uint64_t length, std::uint64_t total = 100) {
    return {.blob = {7}, .total = {total}, .at = {at}, .length_max = {length}, .committed = {}};
}

}  // namespace

std::vector<std::byte> test_bytes(std::size_t count, unsigned seed) {
    std::minstd_rand random(seed + 1);
    std::vector<std::byte> bytes(count);
    std::ranges::generate(bytes, [&random] { return static_cast<std::byte>(random() >> 8); });
    return bytes;
}

std::vector<std::byte> file_content(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    std::vector<std::byte> bytes(text.size());
    std::ranges::transform(text, bytes.begin(), [](char c) { return static_cast<std::byte>(c); });
    return bytes;
}

void write_file(const std::string& path, const std::vector<std::byte>& bytes) {
    std::ofstream file(path, std::ios::binary);
    for (const std::byte byte : bytes) {
        file.put(static_cast<char>(byte));
    }
}

Extent BlobStoreSuite::staged(BlobId id, const std::vector<std::byte>& bytes) {
    auto writer = store().stage(id);
    EXPECT_TRUE(writer && (*writer)->write(bytes));
    auto extent = (*writer)->commit();
    EXPECT_TRUE(extent);
    return extent.value_or(Extent{});
}

Extent PlacingBlobStoreSuite::placed(
    const Placement& placement, const std::vector<std::byte>& bytes
) {
    auto writer = store().place(placement);
    if (!writer) {
        ADD_FAILURE() << "place: " << writer.error().detail;
        return {};
    }
    EXPECT_TRUE((*writer)->write(bytes));
    auto extent = (*writer)->commit();
    EXPECT_TRUE(extent);
    return extent.value_or(Extent{});
}

std::vector<std::byte> BlobStoreSuite::content(const Extent& extent) {
    std::vector<std::byte> bytes(extent.length.value);
    EXPECT_TRUE(store().read(extent, {0}, bytes));
    return bytes;
}

// --- staged ----------------------------------------------------------------------------------------

TEST_P(BlobStoreSuite, AStagedBlobHasExactlyTheBytesWritten) {
    const auto first = test_bytes(70'000, 1);
    const auto second = test_bytes(1, 2);
    auto writer = store().stage({5});
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(first));
    ASSERT_TRUE((*writer)->write({}));
    ASSERT_TRUE((*writer)->write(second));
    EXPECT_EQ((*writer)->written(), ByteCount{70'001});
    const auto extent = (*writer)->commit();
    ASSERT_TRUE(extent);
    EXPECT_EQ(*extent, (Extent{{5}, {0}, {70'001}}));
    EXPECT_EQ(content(*extent), joined(first, second));
}

TEST_P(BlobStoreSuite, AnAbandonedBlobIsGoneAndItsIdIsFree) {
    {
        auto writer = store().stage({5});
        ASSERT_TRUE(writer);
        ASSERT_TRUE((*writer)->write(test_bytes(10, 1)));
    }
    std::vector<std::byte> bytes(10);
    EXPECT_EQ(code_of(store().read({{5}, {0}, {10}}, {0}, bytes)), ErrorCode::store_not_found);
    const auto again = test_bytes(10, 2);
    EXPECT_EQ(content(staged({5}, again)), again);
}

TEST_P(BlobStoreSuite, AnIdIsStagedOnce) {
    const auto bytes = test_bytes(10, 1);
    const Extent extent = staged({5}, bytes);
    auto again = store().stage({5});
    if (again) {  // then it is found when the bytes are to be kept
        ASSERT_TRUE((*again)->write(test_bytes(10, 2)));
    }
    EXPECT_EQ(again ? code_of((*again)->commit()) : code_of(again), ErrorCode::store_conflict);
    EXPECT_EQ(content(extent), bytes);
}

TEST_P(BlobStoreSuite, AWriterCommitsOnce) {
    auto writer = store().stage({5});
    ASSERT_TRUE((*writer)->commit());
    EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::storage_failed);
    EXPECT_EQ(code_of((*writer)->write(test_bytes(1, 1))), ErrorCode::storage_failed);
}

// --- placed ----------------------------------------------------------------------------------------

TEST_P(PlacingBlobStoreSuite, SegmentsArePlacedInAnyOrder) {
    const auto first = test_bytes(60, 1);
    const auto last = test_bytes(40, 2);
    const Extent second_extent = placed(place_at(60, 40), last);
    const Extent first_extent = placed(place_at(0, 60), first);
    EXPECT_EQ(first_extent, (Extent{{7}, {0}, {60}}));
    EXPECT_EQ(second_extent, (Extent{{7}, {60}, {40}}));
    EXPECT_EQ(content({{7}, {0}, {100}}), joined(first, last));
}

TEST_P(PlacingBlobStoreSuite, ThePlacedBytesMayBeFewerThanExpected) {
    const auto few = test_bytes(10, 1);
    EXPECT_EQ(placed(place_at(0, 60), few), (Extent{{7}, {0}, {10}}));
    const auto rest = test_bytes(50, 2);
    placed(place_at(10, 50), rest);
    EXPECT_EQ(content({{7}, {0}, {60}}), joined(few, rest));
}

TEST_P(PlacingBlobStoreSuite, MoreThanExpectedIsRefused) {
    auto writer = store().place(place_at(0, 10));
    ASSERT_TRUE(writer);
    ASSERT_TRUE((*writer)->write(test_bytes(8, 1)));
    EXPECT_EQ(code_of((*writer)->write(test_bytes(3, 2))), ErrorCode::body_too_large);
    EXPECT_EQ((*writer)->written(), ByteCount{8});
}

TEST_P(PlacingBlobStoreSuite, ARangeOfAnotherWriterIsTaken) {
    auto writer = store().place(place_at(20, 20));
    ASSERT_TRUE(writer);
    for (const auto& [at, length] : {std::pair{20, 20}, {0, 21}, {39, 1}, {30, 5}, {10, 80}}) {
        const auto other = store().place(
            place_at(static_cast<std::uint64_t>(at), static_cast<std::uint64_t>(length))
        );
        EXPECT_EQ(code_of(other), ErrorCode::store_conflict) << at << " + " << length;
    }
    EXPECT_TRUE(store().place(place_at(0, 20)));
    EXPECT_TRUE(store().place(place_at(40, 60)));
}

TEST_P(PlacingBlobStoreSuite, AnAbandonedRangeIsFreeAgain) {
    placed(place_at(0, 10), test_bytes(10, 1));
    {
        auto writer = store().place(place_at(10, 10));
        ASSERT_TRUE(writer && (*writer)->write(test_bytes(10, 2)));
    }
    const auto bytes = test_bytes(10, 3);
    EXPECT_EQ(content(placed(place_at(10, 10), bytes)), bytes);
    EXPECT_EQ(content({{7}, {0}, {10}}), test_bytes(10, 1));
}

TEST_P(PlacingBlobStoreSuite, CommittedBytesAreNeverWrittenOver) {
    const auto bytes = test_bytes(10, 1);
    const Extent extent = placed(place_at(0, 10), bytes);
    // As a request sees it that was read before the commit: it knows of no extent.
    EXPECT_EQ(code_of(store().place(place_at(5, 10))), ErrorCode::store_conflict);
    Placement knowing = place_at(9, 10);
    knowing.committed = {extent};
    EXPECT_EQ(code_of(store().place(knowing)), ErrorCode::store_conflict);
    EXPECT_EQ(content(extent), bytes);
}

TEST_P(PlacingBlobStoreSuite, ExtentsThatTheCallerKnowsAreTaken) {
    Placement placement = place_at(10, 10);
    placement.committed = {{{7}, {15}, {1}}};
    EXPECT_EQ(code_of(store().place(placement)), ErrorCode::store_conflict);
    placement.committed = {{{8}, {15}, {1}}, {{7}, {20}, {80}}, {{7}, {0}, {10}}};
    EXPECT_TRUE(store().place(placement)) << "another blob's extents and neighbours do not count";
}

TEST_P(PlacingBlobStoreSuite, NothingIsPlacedBeyondTheTotal) {
    EXPECT_EQ(code_of(store().place(place_at(90, 11))), ErrorCode::store_conflict);
    EXPECT_EQ(code_of(store().place(place_at(~std::uint64_t{0}, 2))), ErrorCode::store_conflict);
    EXPECT_TRUE(store().place(place_at(90, 10)));
}

TEST_P(PlacingBlobStoreSuite, ManyWritersFillOneBlobAtOnce) {
    constexpr std::uint64_t piece = 10'007;
    constexpr unsigned count = 16;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < count; ++i) {
        threads.emplace_back([this, i] {
            placed(place_at(i * piece, piece, count * piece), test_bytes(piece, i));
        });
    }
    threads.clear();
    for (unsigned i = 0; i < count; ++i) {
        EXPECT_EQ(content({{7}, {i * piece}, {piece}}), test_bytes(piece, i)) << i;
    }
}

TEST_P(PlacingBlobStoreSuite, OneOfManyWritersGetsARange) {
    std::vector<std::unique_ptr<BlobWriter>> writers(8);
    std::vector<std::jthread> threads;
    std::atomic<int> got = 0;
    for (auto& slot : writers) {
        threads.emplace_back([this, &slot, &got] {
            if (auto writer = store().place(place_at(10, 10))) {
                slot = *std::move(writer);
                ++got;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(got, 1);
}

// --- reading ---------------------------------------------------------------------------------------

TEST_P(BlobStoreSuite, ReadsFromTheMiddleOfAnExtent) {
    const auto bytes = test_bytes(100, 1);
    const Extent extent = staged({7}, bytes);
    std::vector<std::byte> part(5);
    ASSERT_TRUE(store().read({extent.blob, {extent.offset.value + 10}, {50}}, {20}, part));
    EXPECT_TRUE(std::ranges::equal(part, std::span(bytes).subspan(30, 5)));
}

TEST_P(BlobStoreSuite, ReadingMoreThanThereIsFails) {
    const Extent extent = staged({5}, test_bytes(10, 1));
    std::vector<std::byte> bytes(6);
    EXPECT_EQ(code_of(store().read(extent, {5}, bytes)), ErrorCode::storage_failed);
    EXPECT_EQ(code_of(store().read({{5}, {0}, {20}}, {8}, bytes)), ErrorCode::storage_failed);
    EXPECT_EQ(code_of(store().read({{6}, {0}, {20}}, {0}, bytes)), ErrorCode::store_not_found);
}

// --- as_local_file ---------------------------------------------------------------------------------

TEST_P(BlobStoreSuite, AFlatLayoutIsALocalFile) {
    const auto bytes = test_bytes(100, 1);
    const Extent extent = staged({7}, bytes);
    const auto path = store().as_local_file({extent}, scratch().path("whole"));
    ASSERT_TRUE(path);
    EXPECT_EQ(file_content(*path), bytes);
}

TEST_P(PlacingBlobStoreSuite, ALocalFileEndsWhereTheExtentEnds) {
    const auto bytes = test_bytes(30, 1);
    const Extent extent = placed(place_at(0, 30), bytes);
    const auto path = store().as_local_file({extent}, scratch().path("short"));
    ASSERT_TRUE(path);
    EXPECT_EQ(file_content(*path), bytes);
}

TEST_P(BlobStoreSuite, AScatteredLayoutIsCopiedTogether) {
    const auto first = test_bytes(60, 1);
    const auto odd = test_bytes(3'000'000, 2);
    const auto last = test_bytes(40, 3);
    const Extent first_extent = staged({7}, first);
    const Extent last_extent = staged({6}, last);
    const Extent odd_extent = staged({8}, odd);
    const std::string target = scratch().path("scattered");
    const auto path = store().as_local_file({first_extent, odd_extent, last_extent}, target);
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, target);
    EXPECT_EQ(file_content(*path), joined(joined(first, odd), last));
}

TEST_P(BlobStoreSuite, AnEmptyLayoutIsAnEmptyFile) {
    const auto path = store().as_local_file({}, scratch().path("empty"));
    ASSERT_TRUE(path);
    EXPECT_TRUE(std::filesystem::exists(*path));
    EXPECT_TRUE(file_content(*path).empty());
}

TEST_P(BlobStoreSuite, AMissingBlobIsNoLocalFile) {
    const Extent there = staged({8}, test_bytes(10, 1));
    const auto path = store().as_local_file({there, {{9}, {0}, {10}}}, scratch().path("x"));
    EXPECT_EQ(code_of(path), ErrorCode::store_not_found);
    EXPECT_FALSE(std::filesystem::exists(scratch().path("x"))) << "no half file stays";
}

// --- the rest --------------------------------------------------------------------------------------

TEST_P(BlobStoreSuite, AnAdoptedFileIsABlobAndNoLongerAFile) {
    const auto bytes = test_bytes(12'345, 1);
    const std::string path = scratch().path("output.mp4");
    write_file(path, bytes);
    const auto adopted = store().adopt_file({9}, path);
    ASSERT_TRUE(adopted);
    EXPECT_EQ(adopted->extent, (Extent{{9}, {0}, {12'345}}));
    EXPECT_EQ(adopted->crc32c, crc32c(bytes));
    EXPECT_EQ(content(adopted->extent), bytes);
    EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_P(BlobStoreSuite, AnAdoptedFileNeverReplacesABlob) {
    const auto bytes = test_bytes(10, 1);
    const Extent extent = staged({9}, bytes);
    const std::string path = scratch().path("output.mp4");
    write_file(path, test_bytes(10, 2));
    EXPECT_EQ(code_of(store().adopt_file({9}, path)), ErrorCode::store_conflict);
    EXPECT_EQ(content(extent), bytes);
    EXPECT_EQ(code_of(store().adopt_file({10}, scratch().path("none"))), ErrorCode::storage_failed);
}

TEST_P(BlobStoreSuite, ARemovedBlobIsGone) {
    const Extent extent = staged({9}, test_bytes(10, 1));
    const Extent other = staged({10}, test_bytes(10, 2));
    ASSERT_TRUE(store().remove(extent));
    ASSERT_TRUE(store().remove(extent)) << "no error if it is not there";
    std::vector<std::byte> bytes(10);
    EXPECT_EQ(code_of(store().read(extent, {0}, bytes)), ErrorCode::store_not_found);
    EXPECT_EQ(content(other), test_bytes(10, 2));
}

TEST_P(PlacingBlobStoreSuite, ARemovedBlobIsGoneAndItsRangesAreFree) {
    placed(place_at(0, 10), test_bytes(10, 1));
    ASSERT_TRUE(store().remove({{7}, {0}, {100}}));
    ASSERT_TRUE(store().remove({{7}, {0}, {100}})) << "no error if it is not there";
    std::vector<std::byte> bytes(10);
    EXPECT_EQ(code_of(store().read({{7}, {0}, {10}}, {0}, bytes)), ErrorCode::store_not_found);
    EXPECT_TRUE(store().place(place_at(0, 10)));
}

TEST_P(PlacingBlobStoreSuite, AWriterOfARemovedBlobCannotCommit) {
    auto writer = store().place(place_at(0, 10));
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(10, 1)));
    ASSERT_TRUE(store().remove({{7}, {0}, {100}}));
    EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::store_conflict);
}

TEST_P(BlobStoreSuite, WhatIsThereCanBeMadeDurable) {
    const Extent extent = staged({7}, test_bytes(10, 1));
    EXPECT_TRUE(store().make_durable({extent}));
    EXPECT_TRUE(store().make_durable({}));
}

TEST_P(PlacingBlobStoreSuite, ThereIsFreeSpace) {
    const auto before = store().free_space();
    ASSERT_TRUE(before);
    EXPECT_GT(before->value, 0u);
}

}  // namespace sluice
