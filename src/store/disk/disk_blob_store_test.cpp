#include "store/disk/disk_blob_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

#include "store/blob_store_suite.hpp"
#include "store/small_disk.hpp"

namespace sluice {
namespace {

// Everything in files of its own; for packs see pack_log_test.
std::unique_ptr<DiskBlobStore> opened(const std::string& path, DiskOptions options = {}) {
    options.packed_max = {0};
    auto store = DiskBlobStore::open(path, options);
    EXPECT_TRUE(store) << store.error().detail;
    return store ? *std::move(store) : nullptr;
}

struct DiskBlobs final : BlobStoreUnderTest {
    explicit DiskBlobs(DiskOptions options) : disk(opened(folder.path("blobs"), options)) {}
    BlobStore& store() override { return *disk; }
    TemporaryFolder folder;
    std::unique_ptr<DiskBlobStore> disk;
};

INSTANTIATE_TEST_SUITE_P(Strict, BlobStoreSuite, testing::Values([] {
                             return std::make_unique<DiskBlobs>(DiskOptions{});
                         }));
INSTANTIATE_TEST_SUITE_P(Strict, PlacingBlobStoreSuite, testing::Values([] {
                             return std::make_unique<DiskBlobs>(DiskOptions{});
                         }));
INSTANTIATE_TEST_SUITE_P(Relaxed, BlobStoreSuite, testing::Values([] {
                             return std::make_unique<DiskBlobs>(DiskOptions{.strict = false});
                         }));
INSTANTIATE_TEST_SUITE_P(Relaxed, PlacingBlobStoreSuite, testing::Values([] {
                             return std::make_unique<DiskBlobs>(DiskOptions{.strict = false});
                         }));

INSTANTIATE_TEST_SUITE_P(Shared, BlobStoreSuite, testing::Values([] {
                             return std::make_unique<DiskBlobs>(DiskOptions{.is_shared = true});
                         }));

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::internal : result.error().code;
}

std::vector<std::string> files_below(const std::string& folder) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.is_regular_file()) {
            files.push_back(entry.path().string());
        }
    }
    return files;
}

void stage_bytes(BlobStore& store, BlobId id) {
    auto writer = store.stage(id);
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(10, 1)) && (*writer)->commit());
}

TEST(DiskBlobStore, ABlobThatIsRemovedBeforeItsFileIsMadeLeavesNone) {
    const TemporaryFolder folder;
    const auto directory = disk::BlobDirectory::open(folder.path("blobs"));
    disk::OpenBlob blob(*directory, {5}, {.reserved = {4096}});
    blob.will_be_removed();
    EXPECT_EQ(code_of(blob.open()), ErrorCode::store_conflict);
    EXPECT_EQ(files_below(folder.path()), std::vector<std::string>());
}

TEST(DiskBlobStore, ARemovalWhileASegmentBeginsLeavesNoFile) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    for (std::uint64_t id = 1; id <= 300; ++id) {
        std::atomic<int> arrived = 0;
        const auto meet = [&arrived] {
            for (++arrived; arrived < 2;) {
            }
        };
        std::thread removal([&] {
            meet();
            static_cast<void>(store->remove({{id}, {0}, {4096}}));
        });
        meet();
        {
            const auto writer = store->place({{id}, {4096}, {0}, {4096}, {}});
        }
        removal.join();
        ASSERT_EQ(files_below(folder.path()), std::vector<std::string>()) << id;
    }
}

TEST(DiskBlobStore, FilesAndFoldersAreForTheOwnerOnly) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    stage_bytes(*store, {5});
    int folders = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
        struct stat status{};
        ASSERT_EQ(::lstat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, entry.is_directory() ? 0700u : 0600u) << entry.path();
        folders += entry.is_directory() ? 1 : 0;
    }
    EXPECT_EQ(folders, 1 + 16 + 256 + 1);
}

TEST(DiskBlobStore, IdsAreSpreadOverTheFolders) {
    std::set<std::string> folders;
    for (std::uint64_t i = 0; i < 1000; ++i) {
        // Ids as IdSource makes them, one a millisecond.
        folders.insert(disk::relative_path_of({(1'000'000 + i) << 22}).substr(0, 3));
    }
    EXPECT_GT(folders.size(), 200u);
    EXPECT_EQ(disk::relative_path_of({0xab}).substr(4), "00000000000000ab");
    EXPECT_EQ(disk::parse_blob_name("00000000000000ab"), BlobId{0xab});
    EXPECT_FALSE(disk::parse_blob_name("00000000000000AB"));
    EXPECT_FALSE(disk::parse_blob_name("ab"));
}

TEST(DiskBlobStore, AnAbandonedWriterLeavesNoFile) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    {
        const auto staged = store->stage({5});
        const auto placed = store->place({{7}, {100}, {0}, {10}, {}});
        const auto beside = store->place({{7}, {100}, {10}, {10}, {}});
        ASSERT_TRUE(staged && placed && beside);
        ASSERT_TRUE((*placed)->write(test_bytes(10, 1)));
        EXPECT_EQ(files_below(folder.path()).size(), 2u);
    }
    EXPECT_TRUE(files_below(folder.path()).empty());
}

TEST(DiskBlobStore, AnAbandonedWriterLeavesTheCommittedBytesOfOthers) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    {
        auto abandoned = store->place({{7}, {100}, {0}, {10}, {}});
        auto kept = store->place({{7}, {100}, {10}, {10}, {}});
        ASSERT_TRUE(abandoned && kept && (*kept)->write(test_bytes(10, 2)) && (*kept)->commit());
    }
    std::vector<std::byte> bytes(10);
    ASSERT_TRUE(store->read({{7}, {10}, {10}}, {0}, bytes));
    EXPECT_EQ(bytes, test_bytes(10, 2));
}

TEST(DiskBlobStore, TheSpaceOfAnUploadIsReserved) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    const auto writer = store->place({{7}, {1'000'000}, {0}, {10}, {}});
    ASSERT_TRUE(writer);
    struct stat status{};
    ASSERT_EQ(::stat(files_below(folder.path()).at(0).c_str(), &status), 0);
    EXPECT_EQ(status.st_size, 1'000'000);
    EXPECT_GE(status.st_blocks * 512, 1'000'000);
}

TEST(DiskBlobStore, AFullDiskIsToldBeforeTheFirstByteAndLeavesNothing) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    {
        const FileSizeLimit limit(1000);
        const auto refused = store->place({{7}, {2000}, {0}, {10}, {}});
        EXPECT_EQ(code_of(refused), ErrorCode::storage_full);
        EXPECT_TRUE(files_below(folder.path()).empty());
    }
    EXPECT_TRUE(store->place({{7}, {2000}, {0}, {10}, {}}));
}

TEST(DiskBlobStore, AFullFileSystemIsToldBeforeTheFirstByteAndLeavesNothing) {
    const TemporaryFolder folder;
    const SmallDisk small(folder.path());
    if (!small.is_mounted()) {
        GTEST_SKIP(
        ) << "needs root, to mount a small file system; see the limit of file sizes above";
    }
    const auto store = opened(folder.path("blobs"));
    const auto before = store->free_space();
    EXPECT_EQ(code_of(store->place({{7}, {1 << 20}, {0}, {10}, {}})), ErrorCode::storage_full);
    EXPECT_TRUE(files_below(folder.path()).empty());
    EXPECT_EQ(*store->free_space(), *before) << "nothing stays reserved";
    auto writer = store->stage({5});
    ASSERT_TRUE(writer);
    EXPECT_EQ(code_of((*writer)->write(test_bytes(1 << 20, 1))), ErrorCode::storage_full);
}

TEST(DiskBlobStore, AnotherFileSystemsFileIsAdoptedAsACopy) {
    const TemporaryFolder folder;
    const TemporaryFolder elsewhere;
    const SmallDisk small(elsewhere.path());
    if (!small.is_mounted()) {
        GTEST_SKIP() << "needs root, to mount a second file system";
    }
    const auto store = opened(folder.path("blobs"));
    const auto bytes = test_bytes(100'000, 1);
    write_file(elsewhere.path("output"), bytes);
    const auto adopted = store->adopt_file({5}, elsewhere.path("output"));
    ASSERT_TRUE(adopted);
    std::vector<std::byte> read(bytes.size());
    ASSERT_TRUE(store->read(adopted->extent, {0}, read));
    EXPECT_EQ(read, bytes);
    EXPECT_FALSE(std::filesystem::exists(elsewhere.path("output")));
}

TEST(DiskBlobStore, AWriterThatMetAFullDiskIsDone) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    auto writer = store->stage({5});
    ASSERT_TRUE(writer);
    {
        const FileSizeLimit limit(1000);
        EXPECT_EQ(code_of((*writer)->write(test_bytes(2000, 1))), ErrorCode::storage_full);
    }
    EXPECT_EQ(code_of((*writer)->write(test_bytes(1, 1))), ErrorCode::storage_failed);
    EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::storage_failed);
    writer->reset();
    EXPECT_TRUE(files_below(folder.path()).empty());
}

TEST(DiskBlobStore, AFailedSyncIsFinalForAllWhoShareTheFile) {
    const TemporaryFolder folder;
    auto directory = disk::BlobDirectory::open(folder.path("blobs"));
    ASSERT_TRUE(directory);
    // A pipe cannot be synced (EINVAL): the nearest thing to a failing disk.
    const std::string place = folder.path("blobs/") + disk::relative_path_of({7});
    ASSERT_EQ(::mkfifo(place.c_str(), S_IRUSR | S_IWUSR), 0);
    disk::OpenBlob blob(*directory, {7}, {});
    ASSERT_TRUE(blob.open());
    EXPECT_EQ(code_of(blob.sync()), ErrorCode::storage_failed);
    EXPECT_EQ(code_of(blob.sync()), ErrorCode::storage_failed);
}

TEST(DiskBlobStore, ManySyncsAtOnceAllReturn) {
    const TemporaryFolder folder;
    auto directory = disk::BlobDirectory::open(folder.path("blobs"));
    disk::OpenBlob blob(*directory, {7}, {.has_new_entry = true});
    ASSERT_TRUE(blob.open());
    std::atomic<int> failed = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 20; ++i) {
                failed += blob.sync() ? 0 : 1;
            }
        });
    }
    threads.clear();
    EXPECT_EQ(failed, 0);
}

TEST(DiskBlobStore, ThoseWhoOpenAFileAtOnceMakeItOnce) {
    const TemporaryFolder folder;
    auto directory = disk::BlobDirectory::open(folder.path("blobs"));
    disk::OpenBlob blob(*directory, {7}, {.reserved = {1 << 20}});
    std::atomic<int> failed = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < 8; ++t) {
        threads.emplace_back([&] { failed += blob.open() && blob.file() >= 0 ? 0 : 1; });
    }
    threads.clear();
    EXPECT_EQ(failed, 0);
    EXPECT_TRUE(blob.is_made_here());
    disk::OpenBlob again(*directory, {7}, {.reserved = {1 << 20}});
    ASSERT_TRUE(again.open());
    EXPECT_FALSE(again.is_made_here());
}

std::uint64_t bytes_held(const std::string& path) {
    struct stat status{};
    return ::stat(path.c_str(), &status) == 0 ? std::uint64_t(status.st_blocks) * 512 : 0;
}

TEST(DiskBlobStore, InMemoryTheRoomOfAFileIsTakenInStepsAndAllOfIt) {
    const TemporaryFolder folder;
    const SmallDisk disk(folder.path(), "size=8m");
    if (!disk.is_mounted()) {
        GTEST_SKIP() << "only root mounts";
    }
    const auto store = opened(folder.path("blobs"));
    const std::string path = folder.path("blobs/") + disk::relative_path_of({7});
    constexpr std::uint64_t total = 5 << 20;
    auto first = store->place({{7}, {total}, {0}, {100}, {}});
    auto second = store->place({{7}, {total}, {200}, {100}, {}});
    ASSERT_TRUE(first && second);
    int steps = 1;
    for (auto* writer = &*first; !*(*writer)->prepare_more(); ++steps) {
        EXPECT_TRUE((*writer)->is_quick({1}));
        writer = writer == &*first ? &*second : &*first;
    }
    EXPECT_GT(steps, 2) << "each is short";
    EXPECT_EQ(bytes_held(path), total);
    EXPECT_TRUE(*(*first)->prepare_more());
    EXPECT_TRUE(*(*second)->prepare_more());
    EXPECT_EQ(bytes_held(path), total) << "once, whoever asks";
    EXPECT_EQ(code_of(store->place({{8}, {total}, {0}, {100}, {}})), ErrorCode::storage_full);
    // Others are quicker.
    auto late = store->place({{9}, {2 << 20}, {0}, {100}, {}});
    ASSERT_TRUE(late);
    write_file(folder.path("others"), test_bytes(2 << 20, 1));
    auto prepared = (*late)->prepare_more();
    while (prepared && !*prepared) {
        prepared = (*late)->prepare_more();
    }
    EXPECT_EQ(code_of(prepared), ErrorCode::storage_full);
    late->reset();
    EXPECT_EQ(bytes_held(folder.path("blobs/") + disk::relative_path_of({9})), 0u);
}

TEST(DiskBlobStore, CommittedBytesAreThereAfterReopening) {
    const TemporaryFolder folder;
    const auto bytes = test_bytes(10, 1);
    {
        const auto store = opened(folder.path("blobs"));
        auto writer = store->place({{7}, {100}, {20}, {10}, {}});
        ASSERT_TRUE(writer && (*writer)->write(bytes) && (*writer)->commit());
    }
    const auto store = opened(folder.path("blobs"));
    auto more = store->place({{7}, {100}, {30}, {10}, {{{7}, {20}, {10}}}});
    ASSERT_TRUE(more && (*more)->write(test_bytes(10, 2)) && (*more)->commit());
    std::vector<std::byte> read(10);
    ASSERT_TRUE(store->read({{7}, {20}, {10}}, {0}, read));
    EXPECT_EQ(read, bytes);
}

TEST(DiskBlobStore, OnlyABoundedNumberOfBlobsIsRemembered) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"), {.strict = false, .remembered_max = 2});
    const auto busy = store->place({{100}, {100}, {0}, {10}, {}});
    for (std::uint64_t id = 1; id <= 20; ++id) {
        auto writer = store->place({{id}, {100}, {0}, {10}, {}});
        ASSERT_TRUE(writer && (*writer)->write(test_bytes(10, 1)) && (*writer)->commit());
    }
    EXPECT_EQ(code_of(store->place({{100}, {100}, {0}, {10}, {}})), ErrorCode::store_conflict)
        << "a blob that is written to is never forgotten";
    EXPECT_EQ(code_of(store->place({{20}, {100}, {0}, {10}, {}})), ErrorCode::store_conflict);
}

TEST(DiskBlobStore, AFlatLayoutIsTheFileItself) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    auto writer = store->place({{7}, {100}, {0}, {100}, {}});
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(100, 1)));
    const auto extent = (*writer)->commit();
    ASSERT_TRUE(extent);
    const auto path = store->as_local_file({*extent}, folder.path("scratch"));
    ASSERT_TRUE(path);
    EXPECT_EQ(*path, folder.path("blobs/") + disk::relative_path_of({7}));
    EXPECT_FALSE(std::filesystem::exists(folder.path("scratch")));
}

TEST(DiskBlobStore, ASymbolicLinkIsNeverFollowed) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    write_file(folder.path("secret"), test_bytes(10, 1));
    const std::string place = folder.path("blobs/") + disk::relative_path_of({5});
    std::filesystem::create_symlink(folder.path("secret"), place);
    std::vector<std::byte> bytes(10);
    EXPECT_FALSE(store->read({{5}, {0}, {10}}, {0}, bytes));
    EXPECT_FALSE(store->stage({5}));
    EXPECT_FALSE(store->place({{5}, {10}, {0}, {10}, {}}));
    EXPECT_EQ(file_content(folder.path("secret")), test_bytes(10, 1));
}

TEST(DiskBlobStore, OrphansAreRemovedAndNothingElse) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    for (const std::uint64_t id : {1, 2, 3}) {
        stage_bytes(*store, {id});
    }
    write_file(folder.path("blobs/0/0/note.txt"), test_bytes(3, 1));
    const auto is_known = [](BlobId id) { return id.value == 2; };
    const WallTime now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    EXPECT_EQ(*store->remove_orphans(is_known, now - std::chrono::hours{1}, 100), 0u) << "young";
    const auto later = now + std::chrono::hours{1};
    EXPECT_EQ(*store->remove_orphans(is_known, later, 0), 0u) << "bounded";
    EXPECT_EQ(*store->remove_orphans(is_known, later, 100), 2u);
    EXPECT_EQ(files_below(folder.path()).size(), 2u);
}

TEST(DiskBlobStore, ALookForOrphansAsksOnceForAPageAndCanBeStopped) {
    const TemporaryFolder folder;
    const auto store = opened(folder.path("blobs"));
    constexpr std::uint64_t files = OrphanLook::page + 5;
    for (std::uint64_t id = 1; id <= files; ++id) {
        const std::string path = folder.path("blobs/" + disk::relative_path_of({id}));
        std::filesystem::create_directories(std::filesystem::path(path).parent_path());
        write_file(path, test_bytes(1, 1));
    }
    std::vector<std::size_t> asked;
    const auto even = [&asked](const std::vector<BlobId>& blobs) {
        asked.push_back(blobs.size());
        std::set<BlobId> named(blobs.begin(), blobs.end());
        std::erase_if(named, [](BlobId id) { return id.value % 2 == 1; });
        return named;
    };
    const auto now =
        std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    OrphanLook look{.named_among = even, .before = now - std::chrono::hours{1}};
    EXPECT_EQ(*store->remove_orphans(look), 0u) << "young";
    look.before = now + std::chrono::hours{1};
    look.is_over = [] { return true; };
    EXPECT_EQ(*store->remove_orphans(look), 0u);
    look.is_over = [] { return false; };
    asked.clear();
    EXPECT_EQ(*store->remove_orphans(look), (files + 1) / 2);
    EXPECT_EQ(asked, (std::vector<std::size_t>{OrphanLook::page, files - OrphanLook::page}));
    EXPECT_EQ(files_below(folder.path()).size(), files / 2);
}

}  // namespace
}  // namespace sluice
