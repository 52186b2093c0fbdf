#include "store/disk/pack_log.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <thread>

#include "store/blob_store_suite.hpp"
#include "store/disk/disk_blob_store.hpp"
#include "store/small_disk.hpp"

namespace sluice {

// What it says of exact places is of blobs with files of their own; see disk_blob_store_test.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(BlobStoreSuite);
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PlacingBlobStoreSuite);

namespace {

using namespace literals;

std::unique_ptr<DiskBlobStore> opened(const std::string& path, DiskOptions options = {}) {
    auto store = DiskBlobStore::open(path, options);
    EXPECT_TRUE(store) << store.error().detail;
    return store ? *std::move(store) : nullptr;
}

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::internal : result.error().code;
}

Extent written(Result<std::unique_ptr<BlobWriter>> writer, const std::vector<std::byte>& bytes) {
    EXPECT_TRUE(writer && (*writer)->write(bytes));
    auto extent = (*writer)->commit();
    EXPECT_TRUE(extent) << extent.error().detail;
    return extent.value_or(Extent{});
}

Extent small(BlobStore& store, std::uint64_t id, const std::vector<std::byte>& bytes) {
    const ByteCount length{bytes.size()};
    return written(store.place({{id}, length, {0}, length, {}}), bytes);
}

std::vector<std::byte> content(BlobStore& store, const Extent& extent) {
    std::vector<std::byte> bytes(extent.length.value);
    EXPECT_TRUE(store.read(extent, {0}, bytes));
    return bytes;
}

std::vector<std::filesystem::path> files_below(const std::string& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path());
        }
    }
    return files;
}

std::int64_t blocks_of(const std::filesystem::path& path) {
    struct stat status{};
    EXPECT_EQ(::stat(path.c_str(), &status), 0);
    return status.st_blocks * 512;
}

WallTime in_two_hours() {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) +
           std::chrono::hours{2};
}

TEST(PackLog, SmallUploadsShareAFileAndKeepTheirBytes) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    std::vector<Extent> extents;
    for (unsigned i = 0; i < 20; ++i) {
        extents.push_back(small(*store, i + 1, test_bytes(10'000 * i + 1, i)));
    }
    EXPECT_EQ(files_below(folder.path()).size(), 1u);
    for (unsigned i = 0; i < 20; ++i) {
        EXPECT_TRUE(extents[i].blob.is_shared());
        EXPECT_EQ(extents[i].offset.value % disk::pack_block, 0u);
        EXPECT_EQ(content(*store, extents[i]), test_bytes(10'000 * i + 1, i)) << i;
    }
}

TEST(PackLog, LargeUploadsHaveFilesOfTheirOwn) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    const auto bytes = test_bytes(10, 1);
    const Extent extent = written(store->place({{7}, {256 * 1024 + 1}, {0}, {10}, {}}), bytes);
    EXPECT_EQ(extent, (Extent{{7}, {0}, {10}}));
}

TEST(PackLog, AStagedPieceMovesToAFileOfItsOwnWhenItGrows) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    EXPECT_TRUE(written(store->stage({5}), test_bytes(256 * 1024, 1)).blob.is_shared());
    auto writer = store->stage({6});
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(256 * 1024, 1)));
    ASSERT_TRUE((*writer)->write(test_bytes(1, 2)));
    const auto extent = (*writer)->commit();
    ASSERT_TRUE(extent);
    EXPECT_EQ(*extent, (Extent{{6}, {0}, {256 * 1024 + 1}}));
    auto bytes = test_bytes(256 * 1024, 1);
    bytes.push_back(test_bytes(1, 2).front());
    EXPECT_EQ(content(*store, *extent), bytes);
}

TEST(PackLog, APieceThatIsTooLargeForItsUploadIsRefused) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    auto writer = store->place({{7}, {10}, {0}, {10}, {}});
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(256 * 1024, 1)));
    EXPECT_EQ(code_of((*writer)->write(test_bytes(1, 1))), ErrorCode::body_too_large);
}

TEST(PackLog, AWriterCommitsOnce) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    auto writer = store->stage({5});
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(1, 1)) && (*writer)->commit());
    EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::storage_failed);
    EXPECT_EQ(code_of((*writer)->write(test_bytes(1, 1))), ErrorCode::storage_failed);
}

TEST(PackLog, AnAbandonedPieceLeavesNothing) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    {
        auto writer = store->stage({5});
        ASSERT_TRUE(writer && (*writer)->write(test_bytes(1000, 1)));
    }
    EXPECT_TRUE(files_below(folder.path()).empty());
}

TEST(PackLog, ManyWritersAtOnceEachGetTheirOwnPlace) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"), {.pack_bytes = 1_MiB});
    std::vector<Extent> extents(64);
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < extents.size(); ++i) {
        threads.emplace_back([&, i] {
            extents[i] = small(*store, i + 1, test_bytes(50'000 + i, i));
        });
    }
    threads.clear();
    for (unsigned i = 0; i < extents.size(); ++i) {
        EXPECT_EQ(content(*store, extents[i]), test_bytes(50'000 + i, i)) << i;
    }
    EXPECT_GE(files_below(folder.path()).size(), 3u) << "the next pack follows a full one";
}

TEST(PackLog, OnlyABoundedNumberOfPiecesIsInMemory) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"), {.pack_buffers_max = 1});
    const auto first = store->place({{1}, {10}, {0}, {10}, {}});
    EXPECT_EQ(small(*store, 2, test_bytes(10, 1)).blob, BlobId{2}) << "the way of large ones";
}

TEST(PackLog, WhatIsTakenAwayTakesNothingElseWithIt) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    const Extent first = small(*store, 1, test_bytes(5000, 1));
    const Extent middle = small(*store, 2, test_bytes(100'000, 2));
    const Extent last = small(*store, 3, test_bytes(5000, 3));
    const auto pack = files_below(folder.path()).at(0);
    const auto before = blocks_of(pack);
    ASSERT_TRUE(store->remove(middle));
    ASSERT_TRUE(store->remove(middle)) << "a crash may come between and it is done again";
    EXPECT_EQ(before - blocks_of(pack), 102'400) << "its space is free again";
    EXPECT_EQ(content(*store, first), test_bytes(5000, 1));
    EXPECT_EQ(content(*store, last), test_bytes(5000, 3));
    const Extent next = small(*store, 4, test_bytes(100'000, 4));
    EXPECT_GT(next.offset, last.offset) << "no place is used twice";
    ASSERT_TRUE(store->remove(middle));
    EXPECT_EQ(content(*store, next), test_bytes(100'000, 4));
    EXPECT_EQ(content(*store, middle), std::vector<std::byte>(100'000));
}

TEST(PackLog, AnUnknownPackIsRemovedWhenItIsOldAndNoLongerWrittenTo) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"), {.pack_bytes = 256_KiB});
    const Extent first = small(*store, 1, test_bytes(200'000, 1));
    const Extent second = small(*store, 2, test_bytes(200'000, 2));
    const Extent third = small(*store, 3, test_bytes(200'000, 3));
    const auto is_known = [&](BlobId id) { return id == second.blob; };
    const WallTime before = in_two_hours();
    EXPECT_EQ(*store->remove_orphans(is_known, before - std::chrono::hours{3}, 100), 0u) << "young";
    EXPECT_EQ(*store->remove_orphans(is_known, before, 100), 1u);
    std::vector<std::byte> bytes(5000);
    EXPECT_EQ(code_of(store->read(first, {5000}, bytes)), ErrorCode::store_not_found);
    ASSERT_TRUE(store->remove(first)) << "no error if it is gone";
    EXPECT_EQ(content(*store, second), test_bytes(200'000, 2));
    EXPECT_EQ(content(*store, third), test_bytes(200'000, 3)) << "the current one stays";
}

TEST(PackLog, APackedUploadIsCopiedToBeALocalFile) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    const auto first = small(*store, 1, test_bytes(5000, 1));
    const auto second = small(*store, 2, test_bytes(5000, 2));
    const auto path = store->as_local_file({first}, folder.path("scratch"));
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, folder.path("scratch"));
    EXPECT_EQ(file_content(*path), test_bytes(5000, 1));
    EXPECT_EQ(content(*store, second), test_bytes(5000, 2)) << "the pack itself is not cut";
}

TEST(PackLog, PacksAreThereAfterReopeningAndWhatTheyReservedIsNot) {
    const TemporaryFolder folder;
    Extent extent;
    {
        const auto store = opened(folder.path("blobs"));
        extent = small(*store, 1, test_bytes(5000, 1));
    }
    EXPECT_EQ(blocks_of(files_below(folder.path()).at(0)), 8192);
    const auto store = opened(folder.path("blobs"));
    EXPECT_EQ(content(*store, extent), test_bytes(5000, 1));
    EXPECT_NE(small(*store, 2, test_bytes(5000, 2)).blob, extent.blob) << "a new pack each start";
}

TEST(PackLog, WhatADeadProcessHadReservedIsGivenBack) {
    const TemporaryFolder folder;
    auto directory = disk::BlobDirectory::open(folder.path("blobs"));
    ASSERT_TRUE(directory);
    const BlobId id{shared_blob_bit | 5};
    const auto bytes = test_bytes(5000, 1);
    {
        const auto file = directory->open_file(id, O_RDWR | O_CREAT);
        ASSERT_TRUE(file && disk::reserve(file->get(), {0}, 1_MiB));
        ASSERT_TRUE(disk::write_all(file->get(), {8192}, bytes));
        ASSERT_EQ(::fsync(file->get()), 0);
    }
    const auto store = opened(folder.path("blobs"));
    EXPECT_LE(blocks_of(directory->path_of(id)), 16'384);
    EXPECT_EQ(content(*store, {id, {8192}, {5000}}), bytes);
}

TEST(PackLog, ASmallDiskGetsSmallerPacks) {
    const TemporaryFolder folder;
    const SmallDisk small_disk(folder.path());
    if (!small_disk.is_mounted()) {
        GTEST_SKIP() << "needs root, to mount a small file system";
    }
    const auto store = opened(folder.path("blobs"));
    const auto bytes = test_bytes(100'000, 1);
    EXPECT_EQ(content(*store, small(*store, 1, bytes)), bytes);
    EXPECT_EQ(content(*store, small(*store, 2, bytes)), bytes);
    int refused = 0;
    for (std::uint64_t id = 3; id < 10; ++id) {
        auto writer = store->place({{id}, {100'000}, {0}, {100'000}, {}});
        ASSERT_TRUE(writer && (*writer)->write(bytes));
        const auto extent = (*writer)->commit();
        refused += !extent && extent.error().code == ErrorCode::storage_full ? 1 : 0;
    }
    EXPECT_GT(refused, 0);
}

TEST(PackLog, NothingMoreGoesToAPackWhoseSyncHasFailed) {
    TemporaryFolder folder;
    auto directory = disk::BlobDirectory::open(folder.path() + "/blobs");
    ASSERT_TRUE(directory);
    disk::PackLog log(*directory, {.strict = false, .bytes = 1_MiB});
    disk::PackBuffers buffers(disk::pack_block, 4);
    const auto add = [&] { return log.add(buffers.take(), {100}).value(); };
    const Extent first = add();
    log.spoil({first.blob.value ^ 1});
    EXPECT_EQ(add().blob, first.blob) << "it was another's";
    log.spoil(first.blob);
    const Extent next = add();
    EXPECT_NE(next.blob, first.blob);
    EXPECT_FALSE(log.is_current(first.blob));
    EXPECT_EQ(add().blob, next.blob);
    EXPECT_TRUE(directory->open_file(first.blob, O_RDONLY)) << "what it holds may be whole";
}

TEST(PackLog, RelaxedPiecesAreMadeDurableAtTheEnd) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"), {.strict = false});
    const Extent extent = small(*store, 1, test_bytes(5000, 1));
    EXPECT_TRUE(store->make_durable({extent}));
    EXPECT_EQ(content(*store, extent), test_bytes(5000, 1));
}

TEST(PackLog, BytesThatCameIntoTheWritersMemoryAreItsBytes) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    const auto bytes = test_bytes(50'000, 1);
    auto placed = store->place({{1}, {bytes.size()}, {0}, {bytes.size()}, {}});
    ASSERT_TRUE(placed);
    BlobWriter& writer = **placed;
    // Copied, received in place, and copied again.
    ASSERT_TRUE(writer.write(std::span(bytes).first(1001)));
    const auto memory = writer.memory();
    ASSERT_GE(memory.size(), bytes.size() - 1001);
    std::copy(bytes.begin() + 1001, bytes.begin() + 40'000, memory.begin());
    ASSERT_TRUE(writer.write(memory.first(38'999)));
    EXPECT_EQ(writer.memory().data(), memory.data() + 38'999);
    ASSERT_TRUE(writer.write(std::span(bytes).subspan(40'000)));
    const auto extent = writer.commit();
    ASSERT_TRUE(extent);
    EXPECT_EQ(content(*store, *extent), bytes);
    EXPECT_TRUE(writer.memory().empty()) << "it is given back";
}

TEST(PackLog, AWriterThatMovedToAFileHasNoMemory) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    const auto bytes = test_bytes(300'000, 1);
    auto staged = store->stage({1});
    ASSERT_TRUE(staged);
    const auto memory = (*staged)->memory();
    ASSERT_GT(memory.size(), 200'000U);
    std::copy_n(bytes.begin(), 200'000, memory.begin());
    ASSERT_TRUE((*staged)->write(memory.first(200'000)));
    ASSERT_TRUE((*staged)->write(std::span(bytes).subspan(200'000)));
    EXPECT_TRUE((*staged)->memory().empty());
    const auto extent = (*staged)->commit();
    ASSERT_TRUE(extent);
    EXPECT_EQ(content(*store, *extent), bytes);
}

// Packs whose file this process has open for direct I/O.
std::size_t direct_packs_open(const std::string& below) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
        const int file = std::stoi(entry.path().filename().string());
        count += !gone && target.starts_with(below) && (::fcntl(file, F_GETFL) & O_DIRECT) != 0;
    }
    return count;
}

// The page cache would be paid for twice: when it is copied to, and when it is written back.
TEST(PackLog, RelaxedPiecesPassThePageCacheAsOthersDo) {
    const TemporaryFolder folder;
    std::array<std::size_t, 2> direct{};
    for (const bool strict : {false, true}) {
        const auto path = folder.path(strict ? "strict" : "relaxed");
        const auto store = opened(path, {.strict = strict});
        small(*store, 1, test_bytes(5000, 1));
        direct.at(strict ? 1 : 0) = direct_packs_open(path);
    }
    EXPECT_EQ(direct[0], direct[1]);
}

}  // namespace
}  // namespace sluice
