#include "store/hot/open_uploads.hpp"

#include <gtest/gtest.h>

#include <random>

#include "store/hot/watched_metadata_store.hpp"
#include "store/memory/memory_metadata_store.hpp"
#include "store/metadata_store_suite.hpp"

namespace sluice {
namespace {

void read_now(OpenUploads& open, const Upload& upload, std::uint16_t segments = 0) {
    UploadWithSegments there{upload, {}};
    for (std::uint16_t index = 0; index < segments; ++index) {
        there.segments.emplace(SegmentIndex{index}, segment_of(upload.id.value, index, 1));
    }
    OpenUploads::Reading reading(open, upload.id);
    reading.found(there);
}

TEST(OpenUploads, TellsWhatWasReadToItsOwner) {
    OpenUploads open;
    EXPECT_FALSE(open.find(alice(), {1}));
    read_now(open, open_upload(1), 2);
    ASSERT_TRUE(open.find(alice(), {1}));
    EXPECT_EQ(open.find(alice(), {1})->upload, open_upload(1));
    EXPECT_EQ(open.find(alice(), {1})->segments.size(), 2U);
    EXPECT_FALSE(open.find(bob(), {1}));
    EXPECT_FALSE(open.find(alice(), {2}));
}

TEST(OpenUploads, KeepsNothingThatIsNotOpenOrComesAsAStream) {
    OpenUploads open;
    Upload sealed = open_upload(1);
    sealed.state = UploadState::sealed;
    Upload stream = open_upload(2);
    stream.stream.kind = UploadKind::stream;
    read_now(open, sealed);
    read_now(open, stream);
    EXPECT_FALSE(open.find(alice(), {1}));
    EXPECT_FALSE(open.find(alice(), {2}));
}

TEST(OpenUploads, WhatWasReadBeforeOrDuringAWriteIsNotKept) {
    OpenUploads open;
    {
        OpenUploads::Reading before(open, {1});
        std::optional<OpenUploads::Write> write(std::in_place, open, MediaId{1});
        OpenUploads::Reading during(open, {1});
        before.found({open_upload(1), {}});
        during.found({open_upload(1), {}});
        EXPECT_FALSE(open.find(alice(), {1}));
        write.reset();
        before.found({open_upload(1), {}});
        during.found({open_upload(1), {}});
    }
    EXPECT_FALSE(open.find(alice(), {1}));
    read_now(open, open_upload(1));
    EXPECT_TRUE(open.find(alice(), {1}));
}

TEST(OpenUploads, AWriteThatIsNotDoneLeavesNothing) {
    OpenUploads open;
    read_now(open, open_upload(1));
    {
        const OpenUploads::Write write(open, {1});
    }
    EXPECT_FALSE(open.find(alice(), {1}));
}

TEST(OpenUploads, AWriteThatIsDoneLeavesWhatItMade) {
    OpenUploads open;
    read_now(open, open_upload(1));
    {
        OpenUploads::Write write(open, {1});
        EXPECT_FALSE(open.find(alice(), {1})) << "it may be one or the other";
        ASSERT_TRUE(write.known());
        write.known()->upload.received = {7};
        write.done();
    }
    ASSERT_TRUE(open.find(alice(), {1}));
    EXPECT_EQ(open.find(alice(), {1})->upload.received, ByteCount{7});
}

TEST(OpenUploads, TwoWritesAtOnceLeaveNothing) {
    for (const bool first_ends_first : {true, false}) {
        OpenUploads open;
        read_now(open, open_upload(1));
        std::optional<OpenUploads::Write> first(std::in_place, open, MediaId{1});
        std::optional<OpenUploads::Write> second(std::in_place, open, MediaId{1});
        first->done();
        second->known() = {open_upload(1), {}};
        second->done();
        (first_ends_first ? first : second).reset();
        EXPECT_FALSE(open.find(alice(), {1}));
        (first_ends_first ? second : first).reset();
        EXPECT_FALSE(open.find(alice(), {1}));
    }
}

std::size_t known(const OpenUploads& open, std::uint64_t last) {
    std::size_t count = 0;
    for (std::uint64_t id = 1; id <= last; ++id) {
        count += open.find(alice(), {id}) ? 1 : 0;
    }
    return count;
}

TEST(OpenUploads, IsBoundedByUploadsAndBySegments) {
    OpenUploads many;
    for (std::uint64_t id = 1; id <= 5000; ++id) {
        read_now(many, open_upload(id));
    }
    EXPECT_LE(known(many, 5000), 64U * 16U);
    EXPECT_TRUE(many.find(alice(), {5000}));
    OpenUploads long_ones;
    for (std::uint64_t id = 1; id <= 300; ++id) {
        read_now(long_ones, open_upload(id, 1000), 1000);
    }
    EXPECT_LE(known(long_ones, 300), 64U * 2U);
    EXPECT_TRUE(long_ones.find(alice(), {300}));
}

// Whatever is done to it, in whatever order, the store that remembers tells what the one behind it has.
class WatchedHistories : public testing::TestWithParam<unsigned> {
  protected:
    void step() {
        const MediaId id{pick(3)};
        const auto found = rows.find_with_segments(alice(), id);
        switch (pick(8)) {
            case 1:
                static_cast<void>(watched.create(open_upload(id.value)).has_value());
                break;
            case 2:
            case 3:
            case 4: {
                const auto index = static_cast<std::uint16_t>(pick(6) - 1);
                const Segment segment = segment_of(id.value, index, 10 * pick(3));
                const auto stride = pick(2) == 1 ? std::optional(ByteCount{10}) : std::nullopt;
                static_cast<void>(
                    watched.add_segment(id, segment, stride, store_test_now + tick()).has_value()
                );
                break;
            }
            case 5:
                static_cast<void>(watched
                                      .drop_segments(id, {SegmentIndex{0}}, store_test_now + tick())
                                      .has_value());
                break;
            case 6:
                static_cast<void>(watched.keep_all({id}, store_test_now).has_value());
                break;
            case 7:
                if (found && pick(4) == 1) {
                    const auto next = found->upload.cancelled(store_test_now);
                    static_cast<void>(
                        next && watched.change(*next, found->upload.state, {}).has_value()
                    );
                }
                break;
            default:
                break;
        }
    }

    void expect_alike() {
        for (std::uint64_t id = 1; id <= 3; ++id) {
            const auto told = watched.find_with_segments(alice(), {id});
            const auto there = rows.find_with_segments(alice(), {id});
            ASSERT_EQ(told.has_value(), there.has_value());
            if (told) {
                EXPECT_EQ(told->upload, there->upload);
                EXPECT_EQ(told->segments, there->segments);
            }
        }
    }

    std::uint64_t pick(std::uint64_t of) { return 1 + random_() % of; }
    std::chrono::milliseconds tick() { return std::chrono::milliseconds(++ticks_); }

    MemoryMetadataStore rows;
    HotUploads hot;
    WatchedMetadataStore watched{rows, hot};

  private:
    std::mt19937_64 random_{GetParam()};
    int ticks_ = 0;
};

TEST_P(WatchedHistories, TellWhatTheStoreHas) {
    for (int i = 0; i < 300 && !HasFailure(); ++i) {
        step();
        expect_alike();
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, WatchedHistories, testing::Range(1U, 60U));

}  // namespace
}  // namespace sluice
