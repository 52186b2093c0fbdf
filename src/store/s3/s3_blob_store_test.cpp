#include "store/s3/s3_blob_store.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <set>

#include "store/blob_store_suite.hpp"
#include "store/s3/test_object_store.hpp"

namespace sluice {
namespace {

// The suite places nothing here.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(PlacingBlobStoreSuite);

struct S3Blobs final : BlobStoreUnderTest {
    BlobStore& store() override { return *blobs; }
    TemporaryFolder folder;
    std::string url = TestObjectStore::shared().make_url();
    std::unique_ptr<S3BlobStore> blobs = open_s3(url, folder.path());
};

INSTANTIATE_TEST_SUITE_P(CephRgw, BlobStoreSuite, testing::Values([] {
                             return std::make_unique<S3Blobs>();
                         }));

template <class T>
ErrorCode code_of(const Result<T>& result) {
    return result ? ErrorCode::internal : result.error().code;
}

WallTime in_an_hour() {
    return SystemClock().now() + std::chrono::hours(1);
}

OrphanLook all_known(WallTime before) {
    const auto all = [](const std::vector<BlobId>& blobs) {
        return std::set<BlobId>(blobs.begin(), blobs.end());
    };
    return {.named_among = all, .before = before};
}

// What rows name, and how often they were asked.
struct Names {
    std::set<BlobId> named;
    int asked = 0;

    OrphanLook look(WallTime before) {
        const auto among = [this](const std::vector<BlobId>&) {
            ++asked;
            return named;
        };
        return {.named_among = among, .before = before};
    }
};

class S3BlobStoreTest : public testing::Test {
  protected:
    S3BlobStore& store() { return *on_.blobs; }
    const TemporaryFolder& folder() const { return on_.folder; }

    Extent staged(BlobId id, const std::vector<std::byte>& bytes) {
        auto writer = store().stage(id);
        EXPECT_TRUE(writer && (*writer)->write(bytes));
        auto extent = (*writer)->commit();
        EXPECT_TRUE(extent) << extent.error().detail;
        return extent.value_or(Extent{});
    }
    std::vector<std::byte> content(const Extent& extent) {
        std::vector<std::byte> bytes(extent.length.value);
        EXPECT_TRUE(store().read(extent, {0}, bytes));
        return bytes;
    }
    std::set<BlobId> blobs() {
        std::set<BlobId> found;
        EXPECT_TRUE(store().each_blob([&found](BlobId id, WallTime) {
            found.insert(id);
            return true;
        }));
        return found;
    }

  private:
    S3Blobs on_;
};

TEST_F(S3BlobStoreTest, PlacesNothing) {
    EXPECT_EQ(code_of(store().place({{7}, {100}, {0}, {10}, {}})), ErrorCode::store_conflict);
}

TEST_F(S3BlobStoreTest, WhatIsLongerThanAPieceComesInParts) {
    const auto bytes = test_bytes((12 << 20) + 77, 1);
    auto writer = store().stage({5});
    ASSERT_TRUE(writer);
    for (std::size_t at = 0; at < bytes.size(); at += 300'000) {
        const auto count = std::min<std::size_t>(300'000, bytes.size() - at);
        ASSERT_TRUE((*writer)->write(std::span(bytes).subspan(at, count)));
    }
    EXPECT_LE(store().memory_used(), std::size_t{1} << 20) << "the rest is in a file";
    const auto extent = (*writer)->commit();
    ASSERT_TRUE(extent) << extent.error().detail;
    EXPECT_EQ(extent->length.value, bytes.size());
    EXPECT_TRUE(content(*extent) == bytes);
    EXPECT_EQ(store().memory_used(), 0u);
}

TEST_F(S3BlobStoreTest, PartsThatAreNotPutTogetherAreAbandoned) {
    {
        auto writer = store().stage({5});
        ASSERT_TRUE((*writer)->write(test_bytes(6 << 20, 1)));
    }
    EXPECT_TRUE(blobs().empty());
    // What the writer's end has sent off has ended by now, or this finds it.
    const auto far = SystemClock().now() + std::chrono::hours(48);
    EXPECT_TRUE(store().remove_orphans(all_known(far)));
    EXPECT_EQ(store().remove_orphans(all_known(far)).value(), 0u);
}

TEST_F(S3BlobStoreTest, PartsOfAProcessThatDiedAreFound) {
    auto writer = store().stage({5});
    ASSERT_TRUE((*writer)->write(test_bytes(6 << 20, 1)));
    EXPECT_EQ(store().remove_orphans(all_known(in_an_hour())).value(), 0u) << "not for a day";
    const auto far = SystemClock().now() + std::chrono::hours(48);
    EXPECT_EQ(store().remove_orphans(all_known(far)).value(), 1u);
    EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::storage_failed);
}

TEST_F(S3BlobStoreTest, OnlyWhatNobodyNamesTwiceIsAnOrphan) {
    const Extent known = staged({5}, test_bytes(10, 1));
    const Extent late = staged({6}, test_bytes(10, 2));
    staged({7}, test_bytes(10, 3));
    Names names{{known.blob}};
    const auto long_ago = SystemClock().now() - std::chrono::hours(1);
    EXPECT_EQ(store().remove_orphans(names.look(long_ago)).value(), 0u);
    EXPECT_EQ(names.asked, 0) << "nothing is old";
    EXPECT_EQ(store().remove_orphans(names.look(in_an_hour())).value(), 0u) << "the first look";
    EXPECT_EQ(names.asked, 1) << "for all of the page";
    names.named.insert(late.blob);
    EXPECT_EQ(store().remove_orphans(names.look(in_an_hour())).value(), 1u);
    EXPECT_EQ(names.asked, 3) << "and once more for those that go";
    EXPECT_EQ(blobs(), names.named);
}

TEST_F(S3BlobStoreTest, ALookForOrphansCanBeStoppedInItsMiddle) {
    for (const std::uint64_t id : {5, 6, 7}) {
        staged({id}, test_bytes(10, 1));
    }
    Names names;
    EXPECT_EQ(store().remove_orphans(names.look(in_an_hour())).value(), 0u) << "the first look";
    OrphanLook look = names.look(in_an_hour());
    look.is_over = [] { return true; };
    EXPECT_EQ(store().remove_orphans(look).value(), 0u);
    EXPECT_EQ(names.asked, 1) << "it ends at its first page";
    EXPECT_EQ(blobs().size(), 3u);
    // At the page, before the first removal, before the second.
    look.is_over = [asked = 0]() mutable { return ++asked > 2; };
    EXPECT_EQ(store().remove_orphans(look).value(), 1u);
    EXPECT_EQ(blobs().size(), 2u);
    EXPECT_EQ(store().remove_orphans(names.look(in_an_hour())).value(), 2u) << "the next goes on";
}

TEST_F(S3BlobStoreTest, ATextIsReplacedByWhoKnowsWhatIsThere) {
    constexpr std::chrono::milliseconds no_patience{0};
    EXPECT_EQ(store().read_tagged("text", no_patience)->tag, "");
    EXPECT_EQ(code_of(store().write_text("text", "a", "\"f00d\"")), ErrorCode::store_conflict);
    ASSERT_TRUE(store().write_text("text", "one", {}));
    EXPECT_EQ(code_of(store().write_text("text", "two", {})), ErrorCode::store_conflict);
    const auto first = store().read_tagged("text", no_patience);
    ASSERT_TRUE(first && store().write_text("text", "two", first->tag));
    EXPECT_EQ(code_of(store().write_text("text", "three", first->tag)), ErrorCode::store_conflict);
    EXPECT_EQ(store().read_text("text").value(), "two");
}

TEST_F(S3BlobStoreTest, WhoMayNotChangeTheBucketNeitherMakesNorRemoves) {
    const Extent kept = staged({5}, test_bytes(10, 1));
    Names names;
    EXPECT_EQ(store().remove_orphans(names.look(in_an_hour())).value(), 0u) << "the first look";
    bool may_change = false;
    store().guard_by([&may_change] {
        return may_change ? ok() : Result<void>(Error{.code = ErrorCode::storage_unavailable});
    });
    EXPECT_EQ(code_of(store().remove(kept)), ErrorCode::storage_unavailable);
    EXPECT_EQ(
        code_of(store().remove_orphans(names.look(in_an_hour()))), ErrorCode::storage_unavailable
    );
    EXPECT_EQ(content(kept), test_bytes(10, 1));
    for (const std::size_t length : {std::size_t{10}, std::size_t{6} << 20}) {
        auto writer = store().stage({6});
        ASSERT_TRUE(writer && (*writer)->write(test_bytes(length, 1)));
        EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::storage_unavailable);
    }
    EXPECT_EQ(blobs(), std::set{kept.blob});
    // Lost while the bytes were on their way: what was made is not acknowledged.
    store().guard_by([asked = 0]() mutable {
        return ++asked == 1 ? ok() : Result<void>(Error{.code = ErrorCode::storage_unavailable});
    });
    auto writer = store().stage({7});
    ASSERT_TRUE(writer && (*writer)->write(test_bytes(10, 1)));
    EXPECT_EQ(code_of((*writer)->commit()), ErrorCode::storage_unavailable);
    may_change = true;
    store().guard_by([] { return ok(); });
    EXPECT_TRUE(store().remove(kept));
}

TEST_F(S3BlobStoreTest, ObjectsAreListedInTheOrderOfTime) {
    const std::uint64_t day = 86'400'000ULL << 22U;
    std::vector<BlobId> ids{{3 * day}, {2 * day + 5}, {1}, {2 * day + 4}};
    for (const BlobId id : ids) {
        staged(id, {});
    }
    std::ranges::sort(ids);
    std::vector<BlobId> seen;
    ASSERT_TRUE(store().each_blob([&seen](BlobId id, WallTime) {
        seen.push_back(id);
        return seen.size() < 3;
    }));
    EXPECT_EQ(seen, std::vector(ids.begin(), ids.begin() + 3));
}

TEST_F(S3BlobStoreTest, MoreThanAPageIsListed) {
    for (std::uint64_t i = 1; i <= 1003; ++i) {
        ASSERT_TRUE(store().write_text(s3::key_of({i}), "x", {}));
    }
    EXPECT_EQ(blobs().size(), 1003u);
}

TEST_F(S3BlobStoreTest, AFileIsCopiedInUnderItsIdOnce) {
    const auto bytes = test_bytes((65 << 20) + 1, 1);  // in parts
    write_file(folder().path("large"), bytes);
    ASSERT_TRUE(store().copy_in({shared_blob_bit | 9}, folder().path("large")));
    ASSERT_TRUE(store().copy_in({shared_blob_bit | 9}, folder().path("large")));
    const Extent inside{{shared_blob_bit | 9}, {64 << 20}, {1'000}};
    EXPECT_TRUE(std::ranges::equal(content(inside), std::span(bytes).subspan(64 << 20, 1'000)));
    ASSERT_TRUE(store().remove(inside)) << "the others' stay";
    EXPECT_TRUE(std::ranges::equal(content(inside), std::span(bytes).subspan(64 << 20, 1'000)));
}

TEST_F(S3BlobStoreTest, ATextIsMadeOnce) {
    EXPECT_EQ(store().read_text("mark").value(), "");
    ASSERT_TRUE(store().write_text("mark", "one", {}));
    EXPECT_EQ(code_of(store().write_text("mark", "two", {})), ErrorCode::store_conflict);
    EXPECT_EQ(store().read_text("mark").value(), "one");
}

// As a reader would, without credentials.
struct Fetched {
    long status = 0;
    std::string type;
    std::string text;
};

Fetched fetch(const std::string& url) {
    Fetched fetched;
    CURL* easy = curl_easy_init();
    curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &fetched.text);
    curl_easy_setopt(
        easy,
        CURLOPT_WRITEFUNCTION,
        +[](char* data, std::size_t size, std::size_t count, void* user) {
            static_cast<std::string*>(user)->append(data, size * count);
            return size * count;
        }
    );
    EXPECT_EQ(curl_easy_perform(easy), CURLE_OK);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &fetched.status);
    const char* type = nullptr;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    fetched.type = type == nullptr ? "" : type;
    curl_easy_cleanup(easy);
    return fetched;
}

TEST_F(S3BlobStoreTest, ALinkGivesTheObjectToAnybodyForAWhile) {
    const Extent extent = staged({5}, test_bytes(1000, 1));
    const auto link = store().link_to(
        extent,
        {.content_type = "video/mp4",
         .disposition = "",
         .cache_control = "private",
         .valid = std::chrono::seconds(60)}
    );
    ASSERT_TRUE(link);
    const Fetched fetched = fetch(*link);
    EXPECT_EQ(fetched.status, 200) << fetched.text;
    EXPECT_EQ(fetched.type, "video/mp4");
    EXPECT_TRUE(std::ranges::equal(std::as_bytes(std::span(fetched.text)), test_bytes(1000, 1)));
    EXPECT_EQ(fetch(*link + "0").status, 403) << "a signature that was changed";
    EXPECT_FALSE(store().link_to({{5}, {10}, {20}}, {}));
    EXPECT_FALSE(store().link_to({{5}, {0}, {999}}, {})) << "the object has one byte more";
}

TEST(S3Open, SaysWhatIsWrong) {
    const std::string endpoint = "?endpoint=" + TestObjectStore::shared().endpoint();
    const SystemClock clock;
    const auto facts_of = [&clock](const std::string& url) {
        const auto opened = S3BlobStore::open(s3::parse_location(url).value(), clock, {});
        return opened ? std::string("opened") : opened.error().facts;
    };
    EXPECT_NE(
        facts_of("s3://not-there" + endpoint).find("bucket of the object store is not there"),
        std::string::npos
    );
    EXPECT_NE(
        facts_of("s3://media?endpoint=http://127.0.0.1:1").find("does not answer"),
        std::string::npos
    );
    ::setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret", 1);
    const auto wrong = facts_of("s3://media" + endpoint);
    ::setenv("AWS_SECRET_ACCESS_KEY", "sluicesecret", 1);
    EXPECT_NE(wrong.find("refuses the server's credentials"), std::string::npos) << wrong;
    EXPECT_NE(wrong.find("SignatureDoesNotMatch"), std::string::npos) << wrong;
    EXPECT_EQ(wrong.find("wrong-secret"), std::string::npos);
    EXPECT_NE(
        facts_of("s3://media" + endpoint + "&profile=nobody").find("no profile nobody"),
        std::string::npos
    );
}

TEST(S3Key, IsOfTheIdAlone) {
    EXPECT_EQ(s3::key_of({0xab}), "blobs/0000/00000000000000ab");
    for (const std::uint64_t id :
         {std::uint64_t{1}, std::uint64_t{0x0123456789abcdef}, shared_blob_bit | 77}) {
        EXPECT_EQ(s3::blob_of_key(s3::key_of({id})), BlobId{id});
    }
    EXPECT_FALSE(s3::blob_of_key("blobs/0001/00000000000000ab")) << "the day of another id";
    EXPECT_FALSE(s3::blob_of_key("sluice-storage"));
}

}  // namespace
}  // namespace sluice
