// A request may die between the commit of a stream's last byte and the one that ends the stream.
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/digest.hpp"
#include "base/metrics.hpp"
#include "service/doubts.hpp"
#include "service/streams.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_doubt_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};

class StreamEndsTest : public testing::Test {
  protected:
    Upload create(std::uint64_t length, UploadKind kind, std::string key = {}) {
        return *streams_.create({
            .owner = me,
            .kind = kind,
            .length = ByteCount{length},
            .media_type = "video/mp4",
            .idempotency_key = std::move(key),
        });
    }

    Result<Upload> join(std::vector<MediaId> parts) {
        return streams_.create({.owner = me, .kind = UploadKind::joined, .parts = std::move(parts)}
        );
    }

    // Stored and never finished.
    void store_and_die(MediaId id, std::uint64_t at, std::string_view text) {
        auto append = streams_.begin({.owner = me, .id = id, .at = ByteCount{at}});
        ASSERT_TRUE(append);
        auto piece = streams_.begin_piece(*append, ByteCount{text.size()});
        ASSERT_TRUE(piece && piece->write(std::as_bytes(std::span(text))));
        ASSERT_TRUE(streams_.store(*append, *std::move(piece)));
    }

    Result<Upload> look(MediaId id) {
        auto found = streams_.find_settled(me, id);
        return found ? streams_.end_if_whole(*std::move(found)) : std::move(found);
    }

    bool begins_with(const Upload& upload, std::string_view text) {
        const auto crc = crc32c(std::as_bytes(std::span(text)));
        return *streams_.begins_with(upload, ByteCount{text.size()}, crc);
    }

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    MemoryDoubtStore store_{metadata_};
    Doubts doubts_{store_, metadata_, blobs_, clock_};
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    int jobs_ = 0;
    UploadServices services_{
        metadata_,
        blobs_,
        attachments_,
        clock_,
        ids_,
        speed_,
        metrics_,
        [this] { ++jobs_; },
        nullptr,
        &doubts_
    };
    Uploads uploads_{services_, {.upload_bytes_max = ByteCount{100}}};
    Streams streams_{services_, uploads_};
};

TEST_F(StreamEndsTest, ALookEndsWhatIsWhole) {
    const auto id = create(10, UploadKind::stream).id;
    store_and_die(id, 0, "hello");
    EXPECT_EQ(look(id)->state, UploadState::open);
    store_and_die(id, 5, "world");
    EXPECT_EQ(streams_.find(me, id)->state, UploadState::open);
    EXPECT_EQ(look(id)->state, UploadState::queued);
    EXPECT_EQ(look(id)->state, UploadState::queued);
    EXPECT_EQ(jobs_, 1);
}

TEST_F(StreamEndsTest, ARepeatedCreationEndsWhatIsWhole) {
    const auto id = create(5, UploadKind::stream, "key").id;
    store_and_die(id, 0, "hello");
    const Upload again = create(5, UploadKind::stream, "key");
    EXPECT_EQ(again.id, id);
    EXPECT_EQ(again.state, UploadState::queued);
    EXPECT_EQ(jobs_, 1);
}

TEST_F(StreamEndsTest, ALookAtThePartJoinsWhatWaitsForIt) {
    const auto part = create(5, UploadKind::part).id;
    const auto joined = join({part});
    ASSERT_TRUE(joined);
    store_and_die(part, 0, "hello");
    EXPECT_EQ(streams_.find(me, joined->id)->state, UploadState::open);
    EXPECT_EQ(look(part)->state, UploadState::open);
    EXPECT_EQ(streams_.find(me, joined->id)->state, UploadState::queued);
}

TEST_F(StreamEndsTest, ALookAtWhatWaitsJoinsIt) {
    const auto first = create(2, UploadKind::part).id;
    const auto second = create(3, UploadKind::part).id;
    const auto joined = join({first, second});
    ASSERT_TRUE(joined);
    store_and_die(second, 0, "cde");
    EXPECT_EQ(look(joined->id)->state, UploadState::open);
    store_and_die(first, 0, "ab");
    EXPECT_EQ(look(joined->id)->state, UploadState::queued);
    EXPECT_EQ(jobs_, 1);
}

// What comes with a creation that is repeated is compared with what stands, wherever its pieces end.
TEST_F(StreamEndsTest, TellsOtherBytesFromTheSame) {
    const auto id = create(10, UploadKind::stream).id;
    store_and_die(id, 0, "hel");
    store_and_die(id, 3, "loworld");
    const Upload upload = *look(id);
    for (const std::string_view same : {"", "h", "hel", "hello", "helloworld"}) {
        EXPECT_TRUE(begins_with(upload, same)) << same;
    }
    for (const std::string_view other : {"x", "hex", "helx", "helloworlx", "helloworlds"}) {
        EXPECT_FALSE(begins_with(upload, other)) << other;
    }
}

}  // namespace
}  // namespace sluice
