#include "store/s3/answer_text.hpp"

#include <gtest/gtest.h>

#include "store/s3/credentials.hpp"

namespace sluice::s3 {
namespace {

TEST(AnswerText, FindsElementsByTheirWholeName) {
    const std::string xml =
        "<?xml version=\"1.0\"?><R "
        "xmlns=\"x\"><UploadId>a&amp;b</UploadId><Upload><Key>k1</Key></Upload>"
        "<Upload a=\"b\"><Key>&quot;k2&#34;</Key></Upload></R>";
    EXPECT_EQ(xml_value(xml, "UploadId"), "a&b");
    const auto uploads = xml_elements(xml, "Upload");
    ASSERT_EQ(uploads.size(), 2u);
    EXPECT_EQ(xml_value(uploads[0], "Key"), "k1");
    EXPECT_EQ(xml_value(uploads[1], "Key"), "\"k2\"");
}

TEST(AnswerText, WhatIsNoXmlHasNoValues) {
    for (const char* text :
         {"", "<", "<Key", "<Key>", "<Key>x", "</Key>", "<Key/>", "<Keys>x</Keys>"}) {
        EXPECT_EQ(xml_value(text, "Key"), "") << text;
        EXPECT_TRUE(xml_elements(text, "Key").empty()) << text;
    }
}

TEST(AnswerText, ReadsStringsOfJson) {
    const std::string json = R"({"AccessKeyId" : "AK", "Token":"a/b+c==", "Odd":"a\"b"})";
    EXPECT_EQ(json_value(json, "AccessKeyId"), "AK");
    EXPECT_EQ(json_value(json, "Token"), "a/b+c==");
    EXPECT_EQ(json_value(json, "Odd"), "");
    EXPECT_EQ(json_value(json, "None"), "");
    EXPECT_EQ(json_value("\"None\"", "None"), "");
}

TEST(Credentials, OfAProfileInTheFileOfTheAwsTools) {
    const std::string text =
        "[default]\naws_access_key_id = A\naws_secret_access_key=B\n\n# [x]\n[ other ]\n"
        "aws_access_key_id=C\r\naws_secret_access_key = "
        "D=\naws_session_token=E\n[half]\naws_access_key_id=F\n";
    const auto usual = credentials_in(text, "default");
    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->key_id + usual->secret + usual->session_token, "AB");
    const auto other = credentials_in(text, "other");
    ASSERT_TRUE(other);
    EXPECT_EQ(other->key_id + other->secret + other->session_token, "CD=E");
    EXPECT_FALSE(credentials_in(text, "half"));
    EXPECT_FALSE(credentials_in(text, "x"));
}

}  // namespace
}  // namespace sluice::s3
