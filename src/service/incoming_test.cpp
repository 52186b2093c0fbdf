#include "service/incoming.hpp"

#include <gtest/gtest.h>

#include <string>

#include "base/digest.hpp"
#include "store/memory/memory_blob_store.hpp"

namespace sluice {
namespace {

std::string text_of(std::size_t length) {
    std::string text;
    for (std::size_t i = 0; text.size() < length; ++i) {
        text += std::to_string(i);
    }
    return text.substr(0, length);
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

// What was looked at stands before what is written, and ends wherever the pieces that came ended.
TEST(Incoming, HasTheSameChecksumHoweverMuchWasLookedAtBefore) {
    const std::string text = text_of(10'000);
    for (const std::size_t ahead :
         {std::size_t{0}, std::size_t{1}, std::size_t{3000}, text.size()}) {
        for (const std::size_t cut :
             {std::size_t{1}, std::size_t{2999}, std::size_t{3001}, text.size()}) {
            MemoryBlobStore blobs;
            Incoming incoming(blobs, {7}, nullptr, {.bytes_max = {text.size()}});
            const std::string_view all = text;
            incoming.look_ahead(bytes_of(all.substr(0, ahead)));
            ASSERT_TRUE(incoming.write(bytes_of(all.substr(0, cut))));
            ASSERT_TRUE(incoming.write(bytes_of(all.substr(cut))));
            EXPECT_EQ(incoming.crc(), crc32c(bytes_of(text))) << ahead << " " << cut;
            EXPECT_EQ(incoming.length().value, text.size());
        }
    }
}

TEST(Incoming, IsLookedAtInPiecesBetweenThoseThatAreWritten) {
    const std::string text = text_of(9'000);
    MemoryBlobStore blobs;
    Incoming incoming(blobs, {7}, nullptr, {.bytes_max = {text.size()}});
    const std::string_view all = text;
    for (std::size_t at = 0; at < text.size(); at += 3000) {
        incoming.look_ahead(bytes_of(all.substr(at, 1000)));
        incoming.look_ahead(bytes_of(all.substr(at + 1000, 1500)));
        ASSERT_TRUE(incoming.write(bytes_of(all.substr(at, 2000))));
        ASSERT_TRUE(incoming.write(bytes_of(all.substr(at + 2000, 1000))));
    }
    EXPECT_EQ(incoming.crc(), crc32c(bytes_of(text)));
}

}  // namespace
}  // namespace sluice
