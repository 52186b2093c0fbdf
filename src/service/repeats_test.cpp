// A file in one call under an Idempotency-Key that is known: a repeat needs no room, and what cannot be one is
// refused before it comes.
#include "service/repeats.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "base/metrics.hpp"
#include "service/uploads.hpp"
#include "store/memory/memory_attachment_store.hpp"
#include "store/memory/memory_blob_store.hpp"
#include "store/memory/memory_metadata_store.hpp"

namespace sluice {
namespace {

const Principal me{"me"};

class RepeatsTest : public testing::Test {
  protected:
    RepeatsTest() { first_ = one_shot(file_)->id; }

    static CreateUpload keyed(std::string category = "tweet_image") {
        return {
            .owner = me,
            .category = std::move(category),
            .media_type = {},
            .file_name = {},
            .total = {},
            .idempotency_key = "k",
        };
    }

    Result<Upload> one_shot(const std::string& file, std::optional<ByteCount> expected = {}) {
        auto incoming = uploads().begin_whole(keyed(), expected);
        auto written = incoming ? incoming->write(std::as_bytes(std::span(file)))
                                : Result<void>(std::move(incoming).error());
        return written ? uploads().finish_whole(keyed(), *std::move(incoming))
                       : std::move(written).error();
    }

    Uploads& uploads() { return is_full_ ? full_ : roomy_; }

    Uploads made_with(UploadLimits limits) {
        return {
            {metadata_, blobs_, attachments_, clock_, ids_, speed_, metrics_, [] {}},
            limits,
        };
    }

    const std::string file_ = "\x89PNG\r\n\x1a\n" + std::string(200'000, 'x');
    ManualClock clock_;
    MemoryMetadataStore metadata_;
    MemoryBlobStore blobs_;
    MemoryAttachmentStore attachments_;
    IdSource ids_{clock_, 0};
    SpeedLearner speed_;
    Metrics metrics_;
    Uploads roomy_ = made_with({});
    Uploads full_ = made_with({.reserve = {std::uint64_t{1} << 40}});
    bool is_full_ = false;
    MediaId first_;
};

TEST_F(RepeatsTest, ARepeatIsAnsweredWithoutRoomHoweverItsLengthIsTold) {
    is_full_ = true;
    // As it is; without its last line end; with fields behind it; as base64 in lines; untold.
    for (const std::size_t more_than_told : {0U, 2U}) {
        EXPECT_EQ(one_shot(file_, ByteCount{file_.size() - more_than_told})->id, first_);
    }
    for (const std::size_t around : {60'000U, 80'000U, 700'000U}) {
        EXPECT_EQ(one_shot(file_, ByteCount{file_.size() + around})->id, first_);
    }
    EXPECT_EQ(one_shot(file_)->id, first_);
}

TEST_F(RepeatsTest, WhatIsShorterIsRefusedBeforeItsBytesCome) {
    for (const bool is_full : {false, true}) {
        is_full_ = is_full;
        const std::size_t expected = file_.size() - 9;
        const auto begun = uploads().begin_whole(keyed(), ByteCount{expected});
        ASSERT_FALSE(begun);
        EXPECT_EQ(begun.error().code, ErrorCode::idempotency_key_reused);
        EXPECT_EQ(begun.error().media_id, first_.value);
        EXPECT_NE(begun.error().facts.find(std::to_string(expected)), std::string::npos);
        EXPECT_EQ(
            one_shot(file_.substr(1), ByteCount{file_.size()}).error().code,
            ErrorCode::idempotency_key_reused
        );
    }
}

TEST_F(RepeatsTest, WhatIsLongerIsRefusedAtItsFirstByteBeyond) {
    auto incoming = uploads().begin_whole(keyed(), ByteCount{1'000'000});
    ASSERT_TRUE(incoming);
    ASSERT_TRUE(incoming->write(std::as_bytes(std::span(file_))));
    const auto beyond = incoming->write(std::as_bytes(std::span(file_)).first(1));
    ASSERT_FALSE(beyond);
    EXPECT_EQ(beyond.error().code, ErrorCode::idempotency_key_reused);
    EXPECT_NE(
        beyond.error().facts.find("more than " + std::to_string(file_.size())), std::string::npos
    );
}

TEST_F(RepeatsTest, WithoutRoomNoMoreComesThanThereWasBefore) {
    is_full_ = true;
    const auto refused = one_shot(file_ + "y");
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::storage_full);
    EXPECT_NE(refused.error().facts.find("are free"), std::string::npos);
    is_full_ = false;
    EXPECT_EQ(one_shot(file_ + "y").error().code, ErrorCode::idempotency_key_reused);
}

TEST_F(RepeatsTest, WhatMayBeASegmentIsNotMeasuredByTheKeyOfItsInit) {
    EXPECT_TRUE(uploads().begin_whole(keyed(""), ByteCount{10}));
}

// It may be an APPEND with its names behind its media.
TEST_F(RepeatsTest, WhatComesUnderTheKeyOfAnInitIsJudgedOnceItIsKnown) {
    CreateUpload wanted = keyed();
    wanted.idempotency_key = "of an INIT";
    wanted.total = {file_.size()};
    wanted.media_type = "image/png";
    ASSERT_TRUE(uploads().create(wanted));
    auto incoming = uploads().begin_whole(wanted, ByteCount{file_.size() / 2});
    ASSERT_TRUE(incoming);
    ASSERT_TRUE(incoming->write(std::as_bytes(std::span(file_))));
    EXPECT_EQ(
        uploads().finish_whole(wanted, *std::move(incoming)).error().code,
        ErrorCode::idempotency_key_reused
    );
}

}  // namespace
}  // namespace sluice
