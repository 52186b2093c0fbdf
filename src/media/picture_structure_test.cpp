#include "media/picture_structure.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice {
namespace {

std::optional<ProcessingFailure> refusal(Container container, std::string_view mark, int count) {
    std::string text;
    for (int i = 0; i < count; ++i) {
        text += std::string(mark) + "data";
    }
    return refuse_structure(container, std::as_bytes(std::span(text)));
}

TEST(PictureStructure, RefusesMoreScansThanAnyEncoderMakes) {
    EXPECT_FALSE(refusal(Container::jpeg, "\xff\xda", 500));
    const auto refused = refusal(Container::jpeg, "\xff\xda", 501);
    ASSERT_TRUE(refused);
    EXPECT_EQ(refused->reason, "ResourceLimit");
    EXPECT_NE(refused->message.find("501 scans are more than 500"), std::string::npos);
}

TEST(PictureStructure, RefusesMoreFramesThanADecoderTakesInItsTime) {
    EXPECT_FALSE(refusal(Container::webp, "ANMF", 2000));
    EXPECT_TRUE(refusal(Container::webp, "ANMF", 2001));
}

TEST(PictureStructure, CountsOnlyWhatBelongsToTheFormat) {
    EXPECT_FALSE(refusal(Container::png, "\xff\xda", 9000));
    EXPECT_FALSE(refusal(Container::jpeg, "ANMF", 9000));
    EXPECT_FALSE(refuse_structure(Container::jpeg, {}));
}

}  // namespace
}  // namespace sluice
