#include "base/base64.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

Result<std::string> decoded(std::string_view text, std::size_t cut) {
    Base64Decoder decoder;
    std::vector<std::byte> out;
    for (const auto piece : {text.substr(0, cut), text.substr(cut)}) {
        if (auto fed = decoder.feed(bytes_of(piece), out); !fed) {
            return std::move(fed).error();
        }
    }
    if (auto finished = decoder.finish(); !finished) {
        return std::move(finished).error();
    }
    return std::string(reinterpret_cast<const char*>(out.data()), out.size());
}

TEST(Base64Decoder, GivesTheSameBytesHoweverTheTextIsCut) {
    for (const auto& [text, expected] : {
             std::pair{"Zm9vYmFy", "foobar"},
             {"Zm9vYg==", "foob"},
             {"Zm9vYg", "foob"},
             {"Zm9v\r\nYmE=", "fooba"},
             {"", ""},
         }) {
        for (std::size_t cut = 0; cut <= std::string_view(text).size(); ++cut) {
            EXPECT_EQ(decoded(text, cut).value_or("refused"), expected)
                << text << " cut at " << cut;
        }
    }
}

TEST(Base64Decoder, TakesTheUrlSafeAlphabet) {
    EXPECT_EQ(decoded("-_-_", 2).value(), decoded("+/+/", 2).value());
}

TEST(Base64Decoder, NamesADataPrefix) {
    const auto result = decoded("data:image/png;base64,Zm9v", 3);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::base64_invalid);
    EXPECT_NE(result.error().facts.find("data:"), std::string::npos);
}

TEST(Base64Decoder, NamesABlankThatWasAPlus) {
    const auto result = decoded("Zm 9v", 5);
    ASSERT_FALSE(result);
    EXPECT_NE(result.error().facts.find("%2B"), std::string::npos);
    EXPECT_NE(result.error().facts.find("Character 3"), std::string::npos);
}

TEST(Base64Decoder, RefusesALoneCharacterAndTextAfterPadding) {
    EXPECT_FALSE(decoded("Zm9vY", 2));
    EXPECT_FALSE(decoded("Zg==Zg", 2));
}

}  // namespace
}  // namespace sluice
