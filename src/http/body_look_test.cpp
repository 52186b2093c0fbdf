#include "http/body_look.hpp"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

constexpr std::string_view multipart_type = "multipart/form-data; boundary=x";
constexpr std::string_view form_type = "application/x-www-form-urlencoded";
constexpr std::string_view multipart_body = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n";
constexpr std::string_view png{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16};

TEST(BodyLook, TellsTheForms) {
    for (const auto& [text, look] : {
             std::pair{multipart_body, BodyLook::multipart},
             {"{\"a\":1}", BodyLook::json},
             {" {}", BodyLook::json},
             {"command=INIT&a=b", BodyLook::urlencoded},
             {png, BodyLook::binary},
             {"hello", BodyLook::text},
             {"", BodyLook::empty},
             {"\r\n", BodyLook::empty},
         }) {
        EXPECT_EQ(look_of(bytes_of(text)), look) << text;
    }
}

TEST(BodyLook, NamesAMislabellingThatNoParserWouldFailOn) {
    for (const auto text : {multipart_body, std::string_view("{\"a\":1}"), png}) {
        const auto error = mislabelled(form_type, bytes_of(text));
        ASSERT_TRUE(error) << text;
        EXPECT_EQ(error->code, ErrorCode::body_unreadable);
        EXPECT_NE(error->facts.find("urlencoded"), std::string::npos);
    }
    EXPECT_TRUE(mislabelled("", bytes_of(png)));
    EXPECT_FALSE(mislabelled("", bytes_of(multipart_body)));
    EXPECT_FALSE(mislabelled("", bytes_of("{\"a\":1}")));
    EXPECT_FALSE(mislabelled(form_type, bytes_of("command=INIT")));
    EXPECT_FALSE(mislabelled(form_type, bytes_of("{}")));
    EXPECT_FALSE(mislabelled(multipart_type, bytes_of(png)));
}

TEST(BodyLook, ExplainsWhatAParserRefused) {
    const Error boundary{.code = ErrorCode::multipart_boundary, .facts = "No boundary."};
    const Error seen = explained(boundary, "multipart/form-data", bytes_of(multipart_body));
    EXPECT_EQ(seen.code, ErrorCode::multipart_boundary);
    EXPECT_NE(seen.facts.find("\"--x\""), std::string::npos);
    const Error json = explained(boundary, multipart_type, bytes_of("{\"a\":1}"));
    EXPECT_EQ(json.code, ErrorCode::body_unreadable);
    EXPECT_NE(json.facts.find("application/json"), std::string::npos);
    const Error form{.code = ErrorCode::json_expected, .facts = "Not JSON."};
    EXPECT_EQ(
        explained(form, "application/json", bytes_of("a=b&c=d")).code, ErrorCode::body_unreadable
    );
    EXPECT_EQ(
        explained(form, "application/json", bytes_of("{\"a\"")).code, ErrorCode::json_expected
    );
}

}  // namespace
}  // namespace sluice::http
