#include "media/boxes.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace sluice {
namespace {

std::string box(std::string_view name, std::size_t body) {
    const std::size_t length = 8 + body;
    std::string text;
    for (int shift = 24; shift >= 0; shift -= 8) {
        text += static_cast<char>(length >> shift & 0xffU);
    }
    return text.append(name).append(body, 'x');
}

std::string fault(const std::string& file) {
    const auto read = [&file](std::uint64_t offset, std::span<std::byte> into) {
        const std::size_t count = std::min<std::size_t>(into.size(), file.size() - offset);
        std::ranges::copy(std::as_bytes(std::span(file)).subspan(offset, count), into.begin());
        return count;
    };
    return box_fault(file.size(), read);
}

TEST(Boxes, AreWholeWhenAnIndexIsAmongThem) {
    EXPECT_EQ(fault(box("ftyp", 8) + box("moov", 50) + box("mdat", 100)), "");
    EXPECT_EQ(fault(box("ftyp", 8) + box("moof", 50) + box("mdat", 100)), "");
}

TEST(Boxes, NameTheOneThatIsCut) {
    const std::string whole = box("ftyp", 8) + box("moov", 50) + box("mdat", 100);
    EXPECT_EQ(
        fault(whole.substr(0, whole.size() - 30)),
        "the box mdat begins at byte 74 and announces 108 bytes, but the file ends at byte 152: 30 "
        "bytes of "
        "it are missing"
    );
    const std::string slow = box("ftyp", 8) + box("mdat", 100) + box("moov", 50);
    EXPECT_TRUE(fault(slow.substr(0, 60)).ends_with("and with them the box moov (the index)"));
    EXPECT_TRUE(
        fault(slow.substr(0, slow.size() - 5)).starts_with("the box moov begins at byte 124")
    );
    EXPECT_TRUE(
        fault(slow.substr(0, 127)).contains("within the head of a box that begins at byte 124")
    );
}

TEST(Boxes, SayThatTheIndexIsMissing) {
    EXPECT_TRUE(
        fault(box("ftyp", 8) + box("mdat", 100)).starts_with("the box moov (the index) is missing")
    );
    EXPECT_EQ(
        fault(std::string(8, '\0') + "x"),
        "the box moov (the index) is missing, there are only ????: the recording was not ended, or "
        "the file was still being written when it was uploaded"
    );
    EXPECT_EQ(fault(std::string("\0\0\0\2free", 8)), "at byte 0 there is no box");
}

}  // namespace
}  // namespace sluice
