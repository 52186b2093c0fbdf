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

TEST(JsonWriter, FindsWhatNeedsAnEscapeWhereverItStands) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::size_t place = 0; place < 20; ++place) {
            std::string text = "a ~zZ09[]{}!#/<=>^_|";
            text[place] = static_cast<char>(byte);
            std::string alone;
            append_json_string(alone, std::string_view(text).substr(place, 1));
            std::string whole;
            append_json_string(whole, text);
            const auto character = alone.substr(1, alone.size() - 2);
            EXPECT_EQ(
                whole, "\"" + text.substr(0, place) + character + text.substr(place + 1) + "\""
            ) << byte
              << " at " << place;
        }
    }
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
