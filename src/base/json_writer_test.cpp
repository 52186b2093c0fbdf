#include "base/json_writer.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
    JsonWriter json;
    json.begin_object()
        .member("a", 1)
        .key("b")
        .begin_array()
        .value(true)
        .value("x")
        .begin_object()
        .end_object()
        .end_array();
    json.key("c").null().member("d", 1.5).member("e", ~0ULL).end_object();
    EXPECT_EQ(
        json.take(), R"({"a":1,"b":[true,"x",{}],"c":null,"d":1.5,"e":18446744073709551615})"
    );
}

TEST(JsonWriter, EscapesControlCharactersAndReplacesWhatIsNotUtf8) {
    std::string text;
    append_json_string(text, std::string_view("a\"\\\n\x01\xff\xc3\xa4\xed\xa0\x80", 11));
    EXPECT_EQ(
        text, "\"a\\\"\\\\\\n\\u0001\xEF\xBF\xBD\xc3\xa4\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\""
    );
}

}  // namespace
}  // namespace sluice
