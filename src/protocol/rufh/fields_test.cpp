#include "protocol/rufh/fields.hpp"

#include <gtest/gtest.h>

namespace sluice::protocol::rufh {
namespace {

http::Request with(std::vector<http::HeaderField> fields) {
    http::Request request;
    request.headers = std::move(fields);
    return request;
}

TEST(RufhItems, OfBooleans) {
    EXPECT_EQ(boolean_item("?1"), true);
    EXPECT_EQ(boolean_item(" ?0 "), false);
    EXPECT_EQ(boolean_item("?1;a;b=2; c=\"x\""), true);
    for (const char* text :
         {"", "?", "1", "true", "?2", "?11", "?1,", "?1, ?0", "?1;", "?1;=1", "?1;A"}) {
        EXPECT_FALSE(boolean_item(text)) << text;
    }
}

TEST(RufhItems, OfIntegers) {
    EXPECT_EQ(integer_item("0"), 0U);
    EXPECT_EQ(integer_item("999999999999999;x"), 999'999'999'999'999U);
    for (const char* text :
         {"", "-1", "+1", "1.0", "\"1\"", "1 2", "1,2", "1000000000000000", "0x1"}) {
        EXPECT_FALSE(integer_item(text)) << text;
    }
}

TEST(RufhFields, ThatStandTwiceAreNotThere) {
    const auto fields = fields_of(with({
        {"Upload-Complete", "?1"},
        {"upload-complete", "?1"},
        {"Upload-Offset", "5"},
        {"Upload-Length", "six"},
    }));
    EXPECT_FALSE(fields.is_complete);
    EXPECT_EQ(fields.offset, ByteCount{5});
    EXPECT_FALSE(fields.length);
}

TEST(RufhFields, OfVersion3SayTheOpposite) {
    const auto third =
        fields_of(with({{"Upload-Draft-Interop-Version", "3"}, {"Upload-Incomplete", "?1"}}));
    EXPECT_EQ(third.is_complete, false);
    const auto fourth =
        fields_of(with({{"Upload-Draft-Interop-Version", "4"}, {"Upload-Incomplete", "?1"}}));
    EXPECT_FALSE(fourth.is_complete);
    EXPECT_TRUE(third.is_before(6));
    EXPECT_FALSE(fields_of({}).is_before(6));
}

TEST(RufhFields, OneRequestBringsNoMoreThanItMay) {
    Fields fields;
    EXPECT_TRUE(append_fits(fields, {8})) << "chunked: nobody knows";
    fields.body = ByteCount{8};
    EXPECT_TRUE(append_fits(fields, {8}));
    EXPECT_TRUE(append_fits(fields, {})) << "no limit";
    const auto refused = append_fits(fields, {7});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::body_too_large);
}

TEST(RufhFileName, IsTheLastPartOfWhatWasGiven) {
    EXPECT_EQ(file_name_of("inline; filename*=UTF-8''a%20b.jpg"), "a b.jpg");
    EXPECT_EQ(file_name_of("attachment; filename=plain.mp4"), "plain.mp4");
    EXPECT_EQ(file_name_of("attachment; filename=\"..\\\\..\\\\x.mp4\""), "x.mp4");
    EXPECT_EQ(file_name_of("attachment; filename=\"a;b.mp4\"; filename*=utf-8'de'%C3%A4"), "ä");
    EXPECT_EQ(file_name_of("inline; filename=\"a\nb\""), "ab");
    for (const char* field :
         {"", "inline", "filename=x", "inline; filename*=UTF-8''%zz", "inline; filename*=latin1''a"
         }) {
        EXPECT_EQ(file_name_of(field), "") << field;
    }
}

TEST(RufhUrl, NamesAnUpload) {
    EXPECT_EQ(id_in("/resumable/12"), MediaId{12});
    for (const char* path : {"/resumable/", "/resumable/x", "/resumable/12/", "/files/12"}) {
        EXPECT_FALSE(id_in(path)) << path;
    }
}

}  // namespace
}  // namespace sluice::protocol::rufh
