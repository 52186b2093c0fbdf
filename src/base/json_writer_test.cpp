#include "base/json_writer.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <utility>

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

TEST(JsonWriter, WritesThousandthsAsShortAsAnyOtherNumber) {
    constexpr std::pair<double, std::string_view> rows[] = {
        {0, "0"},
        {1, "1"},
        {12.5, "12.5"},
        {0.001, "0.001"},
        {0.12, "0.12"},
        {1234.567, "1234.567"},
        {100, "100"},
        {0.0005, "0.0005"},
        {1.0625, "1.0625"},
        {-2.5, "-2.5"},
        {1e21, "1e+21"},
    };
    for (const auto& [number, text] : rows) {
        std::string written;
        append_json_number(written, number);
        EXPECT_EQ(written, text);
    }
    for (int i = 0; i < 100'000; i += 7) {
        const double number = i / 1000.0;
        std::string written;
        append_json_number(written, number);
        EXPECT_EQ(std::stod(written), number);
    }
    std::string none;
    append_json_number(none, std::numeric_limits<double>::infinity());
    EXPECT_EQ(none, "null");
}

TEST(JsonText, LendsWhatNeedsNoEscape) {
    const std::string plain = "a plain text, longer than what fits into a string";
    EXPECT_EQ(std::string_view(JsonText(plain)).data(), plain.data());
    EXPECT_EQ(std::string_view(JsonText("say \"hi\"")), R"(say \"hi\")");
    EXPECT_EQ(std::string_view(JsonText("")), "");
}

TEST(JsonWriter, TakesMembersThatAreWrittenInPlace) {
    JsonWriter json;
    const auto two = [](RawText& out) { out.text("\"b\":").number(2).text(",\"c\":3"); };
    json.begin_object().member("a", 1).raw(64, two).member("d", 4).end_object();
    EXPECT_EQ(json.take(), R"({"a":1,"b":2,"c":3,"d":4})");
    json.begin_object().raw(64, two).end_object();
    EXPECT_EQ(json.take(), R"({"b":2,"c":3})");
}

}  // namespace
}  // namespace sluice
