#include "base/secret_box.hpp"

#include <gtest/gtest.h>

#include "base/hmac.hpp"

namespace sluice {
namespace {

TEST(SecretBox, GivesBackWhatItSealedUnderTheSameLabelAndKeyOnly) {
    const SecretBox box(std::string(32, 'k'));
    const std::string sealed = box.seal("a secret", "key 7");
    EXPECT_EQ(sealed.find("a secret"), std::string::npos);
    EXPECT_EQ(box.open(sealed, "key 7").value(), "a secret");
    EXPECT_FALSE(box.open(sealed, "key 8"));
    EXPECT_FALSE(SecretBox(std::string(32, 'x')).open(sealed, "key 7"));
    EXPECT_NE(box.seal("a secret", "key 7"), sealed) << "a nonce is never used twice";
}

TEST(SecretBox, RefusesWhatWasChangedOrCut) {
    const SecretBox box(std::string(32, 'k'));
    std::string sealed = box.seal("a secret", "label");
    sealed[30] = sealed[30] == '0' ? '1' : '0';
    EXPECT_FALSE(box.open(sealed, "label"));
    EXPECT_FALSE(box.open("", "label"));
    EXPECT_FALSE(box.open("zz", "label"));
    EXPECT_EQ(box.open(box.seal("", "label"), "label").value(), "");
}

// RFC 2202 case 2, RFC 4231 case 2.
TEST(Hmac, AgreesWithThePublishedVectors) {
    const std::string text = "what do ya want for nothing?";
    EXPECT_EQ(
        hex_of(hmac(HashKind::sha1, "Jefe", text)), "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"
    );
    EXPECT_EQ(
        hex_of(hmac(HashKind::sha256, "Jefe", text)),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

TEST(RandomWord, IsAsLongAsAskedAndNeverTheSame) {
    EXPECT_EQ(random_word(43).size(), 43u);
    EXPECT_NE(random_word(43), random_word(43));
    EXPECT_EQ(base64_of("light w"), "bGlnaHQgdw==");
    EXPECT_TRUE(equal_in_constant_time("a", "a"));
    EXPECT_FALSE(equal_in_constant_time("a", "b"));
    EXPECT_FALSE(equal_in_constant_time("a", "ab"));
}

}  // namespace
}  // namespace sluice
