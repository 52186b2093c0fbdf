#include "protocol/common/form_parts.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

http::PartHead head(std::string name) {
    return {.name = std::move(name), .file_name = {}, .content_type = {}, .is_base64 = false};
}

TEST(PartNotes, KeepEachPartAsItCame) {
    PartNotes notes(true, true);
    notes.begin(head("command"));
    notes.add(bytes_of("APP"));
    notes.add(bytes_of("END"));
    notes.begin(head("empty"));
    notes.begin(
        {.name = "media", .file_name = "a.mp4", .content_type = "video/mp4", .is_base64 = false}
    );
    notes.add(bytes_of(std::string_view("\0\1bytes", 7)));
    notes.end(0);
    const auto parts = notes.all();
    ASSERT_EQ(parts.size(), 3U);
    EXPECT_EQ(parts[0].name, "command");
    EXPECT_EQ(parts[0].place, "body");
    EXPECT_EQ(parts[0].start, "APPEND");
    EXPECT_EQ(parts[0].length.value, 6U);
    EXPECT_EQ(parts[0].file_name, "");
    EXPECT_FALSE(parts[0].crc32c);
    EXPECT_EQ(parts[1].name, "empty");
    EXPECT_EQ(parts[1].start, "");
    EXPECT_EQ(parts[1].length.value, 0U);
    EXPECT_EQ(parts[2].name, "media");
    EXPECT_EQ(parts[2].file_name, "a.mp4");
    EXPECT_EQ(parts[2].content_type, "video/mp4");
    EXPECT_EQ(parts[2].start, std::string_view("\0\1bytes", 7));
    EXPECT_EQ(parts[2].crc32c, 0U);  // the sum of something, not the lack of one
}

TEST(PartNotes, KeepOnlyTheStartOfWhatIsLong) {
    PartNotes notes(true, true);
    notes.begin(head("media"));
    const std::string piece(200, 'a');
    const std::string later(100'000, 'b');
    notes.add(bytes_of(piece));
    notes.add(bytes_of(later));
    notes.begin(head("behind"));
    const auto parts = notes.all();
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].length.value, 100'200U);
    EXPECT_EQ(parts[0].start, piece + std::string(56, 'b'));
    EXPECT_EQ(parts[1].name, "behind");
}

TEST(PartNotes, KeepNoStartThatIsNotShown) {
    PartNotes notes(true, false);
    notes.begin(head("media"));
    notes.add(bytes_of("bytes"));
    notes.end(7);
    notes.begin(head(std::string(70'000, 'n')));
    const auto parts = notes.all();
    ASSERT_EQ(parts.size(), 2U);
    EXPECT_EQ(parts[0].start, "");
    EXPECT_EQ(parts[0].length.value, 5U);
    EXPECT_EQ(parts[0].crc32c, 7U);
    EXPECT_EQ(parts[1].name, std::string(65'535, 'n'));
}

TEST(PartNotes, KeepNothingThatNobodyWants) {
    PartNotes notes(false, true);
    notes.begin(head("media"));
    notes.add(bytes_of("bytes"));
    notes.end(1);
    EXPECT_TRUE(notes.all().empty());
}

}  // namespace
}  // namespace sluice::protocol
