// What is said about an id that is not the caller's.
#include <gtest/gtest.h>

#include "base/metrics.hpp"
#include "service/uploads.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};

class UnknownIdTest : public testing::Test {
  protected:
    void have(std::uint64_t id) {
        const NewUpload wanted{
            .id = {id},
            .owner = me,
            .category = Category::tweet_video,
            .media_type = "video/mp4",
            .file_name = {},
            .total = {10},
            .now = clock_.now(),
            .lifetime = std::chrono::hours(24),
        };
        ASSERT_TRUE(metadata_.create(Upload::open(wanted)));
    }

    Error asked(std::uint64_t id) { return uploads_.status(me, {id}).error(); }

    ManualClock clock_;
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads uploads_{
        {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}}, UploadLimits{}
    };
};

TEST_F(UnknownIdTest, TellsHowManyUploadsAreOpenHoweverMany) {
    EXPECT_NE(asked(77).facts.find("You have no open upload."), std::string::npos);
    have(1'000'000);
    EXPECT_NE(asked(77).facts.find("You have 1 open upload."), std::string::npos);
    for (std::uint64_t i = 1; i < 1500; ++i) {
        have(1'000'000 + i * 2000);
    }
    EXPECT_NE(asked(77).facts.find("You have 1500 open uploads."), std::string::npos);
}

TEST_F(UnknownIdTest, FindsTheOwnIdThatRoundingChangedBehindItsNeighbours) {
    constexpr std::uint64_t own = 1'284'554'329'119'236'097;
    const auto rounded = static_cast<std::uint64_t>(static_cast<double>(own));
    have(own);
    for (std::uint64_t i = 0; i < 30; ++i) {
        have(rounded + 470 + i);  // nearer to the next number that a double can be
    }
    const Error error = asked(rounded);
    EXPECT_EQ(error.code, ErrorCode::media_id_rounded) << error.facts;
    EXPECT_EQ(error.media_id, own);
}

}  // namespace
}  // namespace sluice
