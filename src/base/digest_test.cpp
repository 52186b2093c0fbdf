#include "base/digest.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

TEST(Crc32c, HasTheCheckValueOfItsStandard) {
    EXPECT_EQ(
        crc32c(bytes_of("123456789")), 0xE3069283U
    );  // RFC 3720, B.4 uses the same polynomial
    EXPECT_EQ(crc32c({}), 0U);
}

TEST(Crc32c, ContinuesFromAnyCut) {
    const std::string text(1000, 'q');
    for (std::size_t cut = 0; cut <= text.size(); cut += 37) {
        const auto first = crc32c(bytes_of(std::string_view(text).substr(0, cut)));
        EXPECT_EQ(
            crc32c(bytes_of(std::string_view(text).substr(cut)), first), crc32c(bytes_of(text))
        );
    }
}

TEST(Crc32c, IsJoinedFromThatOfTheParts) {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
        text += static_cast<char>(i * i >> 3);
    }
    for (std::size_t cut = 0; cut <= text.size(); cut += 625) {
        const auto first = crc32c(bytes_of(std::string_view(text).substr(0, cut)));
        const auto second = crc32c(bytes_of(std::string_view(text).substr(cut)));
        EXPECT_EQ(crc32c_joined(first, second, text.size() - cut), crc32c(bytes_of(text))) << cut;
    }
}

std::uint32_t crc_bit_by_bit(std::span<const std::byte> bytes) {
    std::uint32_t crc = ~0U;
    for (const std::byte byte : bytes) {
        crc ^= std::to_integer<std::uint32_t>(byte);
        for (int bit = 0; bit < 8; ++bit) {
            crc = (crc & 1U) != 0 ? (crc >> 1) ^ 0x82F6'3B78U : crc >> 1;
        }
    }
    return ~crc;
}

TEST(Crc32c, IsThatOfTheDefinitionWhateverTheLengthAndTheAlignment) {
    std::vector<std::byte> bytes(50'000);
    std::uint32_t state = 1;
    for (std::byte& byte : bytes) {
        state = state * 1'664'525U + 1'013'904'223U;
        byte = static_cast<std::byte>(state >> 24);
    }
    for (const std::size_t length :
         {1UL,
          7UL,
          8UL,
          255UL,
          256UL,
          257UL,
          511UL,
          513UL,
          12'287UL,
          12'288UL,
          12'289UL,
          24'576UL,
          36'865UL,
          49'990UL}) {
        for (const std::size_t at : {0UL, 1UL, 5UL}) {
            const auto part = std::span(bytes).subspan(at, length);
            EXPECT_EQ(crc32c(part), crc_bit_by_bit(part)) << length << " from " << at;
        }
    }
}

TEST(Sha256, HasTheKnownDigestOfAbc) {
    EXPECT_EQ(
        sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
}

TEST(Md5, HasTheKnownDigestOfAbcHoweverItIsCut) {
    Md5 md5;
    md5.update(bytes_of("a"));
    md5.update(bytes_of("bc"));
    EXPECT_EQ(md5.finish_hex(), "900150983cd24fb0d6963f7d28e17f72");
}

TEST(Md5, IsReadAsHexadecimalOrBase64) {
    EXPECT_EQ(md5_as_hex("900150983CD24FB0D6963F7D28E17F72"), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(md5_as_hex("kAFQmDzST7DWlj99KOF/cg=="), "900150983cd24fb0d6963f7d28e17f72");
    EXPECT_EQ(md5_as_hex("abc"), "");
}

}  // namespace
}  // namespace sluice
