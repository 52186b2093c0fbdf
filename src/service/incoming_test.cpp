#include "service/incoming.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "store/memory/memory_blob_store.hpp"

namespace sluice {
namespace {

struct Seen {
    int steps = 0;
    std::size_t written = 0;
    int steps_before_the_first_byte = -1;
};

// Takes room in three steps, or finds none in the last of them.
class StepwiseWriter final : public BlobWriter {
  public:
    StepwiseWriter(Seen& seen, bool is_full) : seen_(seen), is_full_(is_full) {}
    Result<bool> prepare_more() override {
        if (seen_.steps == 3) {
            return true;
        }
        ++seen_.steps;
        if (seen_.steps == 3 && is_full_) {
            return Error{.code = ErrorCode::storage_full};
        }
        return seen_.steps == 3;
    }
    Result<void> write(std::span<const std::byte> bytes) override {
        if (seen_.written == 0) {
            seen_.steps_before_the_first_byte = seen_.steps;
        }
        seen_.written += bytes.size();
        return ok();
    }
    ByteCount written() const override { return {seen_.written}; }
    Result<Extent> commit() override { return Extent{{7}, {0}, {seen_.written}}; }

  private:
    Seen& seen_;
    const bool is_full_;
};

Incoming incoming_to(MemoryBlobStore& blobs, Seen& seen, bool is_full) {
    return {blobs, {8}, std::make_unique<StepwiseWriter>(seen, is_full), {.bytes_max = {1000}}};
}

TEST(Incoming, RoomIsTakenBeforeTheFirstByteByWhoeverWritesIt) {
    MemoryBlobStore blobs;
    const std::vector<std::byte> bytes(10);
    Seen seen;
    Incoming incoming = incoming_to(blobs, seen, false);
    ASSERT_TRUE(incoming.write(bytes) && incoming.write(bytes));
    EXPECT_EQ(seen.steps_before_the_first_byte, 3);
    EXPECT_EQ(seen.written, 20u);
}

TEST(Incoming, StepsThatWereTakenAreNotTakenAgain) {
    MemoryBlobStore blobs;
    Seen seen;
    Incoming incoming = incoming_to(blobs, seen, false);
    EXPECT_FALSE(incoming.prepare_more());
    EXPECT_FALSE(incoming.prepare_more());
    EXPECT_TRUE(incoming.prepare_more());
    ASSERT_TRUE(incoming.write(std::vector<std::byte>(10)));
    EXPECT_EQ(seen.steps, 3);
}

TEST(Incoming, WithoutRoomInItsPlaceABlobOfItsOwnIsTried) {
    MemoryBlobStore blobs;
    Seen seen;
    Incoming incoming = incoming_to(blobs, seen, true);
    while (!incoming.prepare_more()) {
    }
    ASSERT_TRUE(incoming.write(std::vector<std::byte>(10)));
    EXPECT_EQ(seen.written, 0u);
    const auto extent = incoming.commit();
    ASSERT_TRUE(extent);
    EXPECT_EQ(*extent, (Extent{{8}, {0}, {10}}));
}

}  // namespace
}  // namespace sluice
