#include "media/decoder_messages.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr std::string_view said =
    "[h264 @ 0x5560631b9f00] corrupted macroblock 3 2 (total_coeff=16)\n"
    "[h264 @ 0x5560631b9f00] error while decoding MB 3 2\n"
    "    Last message repeated 4 times\n"
    "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55951b0d28c0] a demuxer\n"
    "    Last message repeated 90 times\n"
    "[mp4 @ 0x5] Application provided invalid timestamps\n"
    "Output file is odd\n";

TEST(DecoderMessages, CountsThoseOfOneDecoderAndTheirRepetitions) {
    DecoderMessages messages("h264");
    messages.feed(said);
    EXPECT_EQ(messages.count(), 6U);
    DecoderMessages others("hevc");
    others.feed(said);
    EXPECT_EQ(others.count(), 0U);
}

TEST(DecoderMessages, DoNotDependOnHowTheBytesCome) {
    for (std::size_t step = 1; step < said.size(); ++step) {
        DecoderMessages messages("h264");
        for (std::size_t at = 0; at < said.size(); at += step) {
            messages.feed(said.substr(at, step));
        }
        EXPECT_EQ(messages.count(), 6U) << step;
    }
}

TEST(DecoderMessages, KnowTheDecoderOfAv1AndEndlessLines) {
    DecoderMessages messages("av1");
    messages.feed("[libdav1d @ 0x1] Error parsing OBU data\n");
    for (int i = 0; i < 1000; ++i) {
        messages.feed(std::string(1000, 'x'));
    }
    messages.feed("\n[libdav1d @ 0x1] Error parsing OBU data\n");
    EXPECT_EQ(messages.count(), 2U);
}

TEST(DecoderMessages, MeanDamageWhenTheyAreManyForThePictures) {
    EXPECT_FALSE(means_damage(0, 0));
    EXPECT_FALSE(means_damage(3, 2));
    EXPECT_TRUE(means_damage(4, 10));
    EXPECT_FALSE(means_damage(25, 100));
    EXPECT_TRUE(means_damage(26, 100));
    EXPECT_FALSE(means_damage(40, 3000));
}

}  // namespace
}  // namespace sluice
