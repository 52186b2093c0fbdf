#include "http/form_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_catalogue.hpp"

namespace sluice::http {
namespace {

// All events of a form as one text: "name(file,type,encoding)=data;" for each part, then "done" or
// the error's code. The form comes in pieces of which the first ends at `cut`, the others have
// `step` bytes.
std::string read(std::string_view type, std::string_view body, std::size_t cut, std::size_t step) {
    auto parser = make_form_parser(type);
    if (!parser) {
        return std::string(entry_of(parser.error().code).slug);
    }
    std::string seen;
    std::size_t end = cut;
    auto input = std::as_bytes(std::span(body)).first(cut);
    while (true) {
        auto event = (*parser)->next(input, end == body.size());
        if (!event) {
            return seen + std::string(entry_of(event.error().code).slug);
        }
        switch (event->kind) {
            case FormEvent::Kind::need_more: {
                if (end == body.size()) {
                    return seen + "needs more at the end";
                }
                const auto begin = end - input.size();
                end = std::min(end + step, body.size());
                input = std::as_bytes(std::span(body)).subspan(begin, end - begin);
                break;
            }
            case FormEvent::Kind::part_begin: {
                const auto& head = (*parser)->head();
                seen += head.name + "(" + head.file_name.value_or("") + "," + head.content_type +
                        "," + (head.is_base64 ? "base64" : "") + ")=";
                break;
            }
            case FormEvent::Kind::part_data:
                seen.append(reinterpret_cast<const char*>(event->data.data()), event->data.size());
                break;
            case FormEvent::Kind::part_end:
                seen += ";";
                break;
            case FormEvent::Kind::done:
                return seen + "done";
        }
    }
}

void expect_always(std::string_view type, std::string_view body, std::string_view expected) {
    for (std::size_t cut = 0; cut <= body.size(); ++cut) {
        ASSERT_EQ(read(type, body, cut, body.size() + 1), expected) << "cut at " << cut;
    }
    ASSERT_EQ(read(type, body, 0, 1), expected) << "byte by byte";
    ASSERT_EQ(read(type, body, 0, 7), expected) << "in pieces of 7";
}

const std::string multipart = "multipart/form-data; boundary=XX";

struct FormCase {
    const char* name;
    std::string type;
    std::string body;
    std::string expected;
};

std::string part(std::string_view disposition, std::string_view data) {
    return "--XX\r\nContent-Disposition: form-data; " + std::string(disposition) + "\r\n\r\n" +
           std::string(data) + "\r\n";
}

const FormCase multipart_cases[] = {
    {"two_parts",
     multipart,
     part("name=\"command\"", "APPEND") + part("name=\"media\"", "1234") + "--XX--\r\n",
     "command(,,)=APPEND;media(,,)=1234;done"},
    {"file_type_and_encoding",
     multipart,
     "--XX\r\ncontent-disposition: form-data; filename=\"a.mp4\"; name=\"media\"\r\nContent-Type: "
     "video/mp4\r\n"
     "Content-Transfer-Encoding: BASE64\r\n\r\nAAAA\r\n--XX--\r\n",
     "media(a.mp4,video/mp4,base64)=AAAA;done"},
    {"no_final_crlf", multipart, part("name=\"a\"", "b") + "--XX--", "a(,,)=b;done"},
    {"an_extra_crlf_at_the_end",
     multipart,
     part("name=\"a\"", "b") + "--XX--\r\n\r\n",
     "a(,,)=b;done"},
    {"an_extra_crlf_at_the_beginning",
     multipart,
     "\r\n" + part("name=\"a\"", "b") + "--XX--\r\n",
     "a(,,)=b;done"},
    {"preamble_and_epilogue",
     multipart,
     "hello\r\n--X\r\n" + part("name=\"a\"", "b") + "--XX--\r\n--XX\r\nbye",
     "a(,,)=b;done"},
    {"quoted_boundary",
     "multipart/form-data; boundary=\"XX\"",
     part("name=\"a\"", "b") + "--XX--\r\n",
     "a(,,)=b;done"},
    {"boundary_behind_a_comma",
     "multipart/form-data, boundary=\"XX\"",
     part("name=\"a\"", "b") + "--XX--\r\n",
     "a(,,)=b;done"},
    {"charset_before_the_boundary",
     "Multipart/Form-Data; charset=utf-8; Boundary=XX",
     part("name=\"a\"", "b") + "--XX--\r\n",
     "a(,,)=b;done"},
    {"name_without_quotes", multipart, part("name=a", "b") + "--XX--\r\n", "a(,,)=b;done"},
    {"text_part_with_a_file_name",
     multipart,
     part("name=\"command\"; filename=\"command\"", "INIT") + "--XX--\r\n",
     "command(command,,)=INIT;done"},
    {"file_name_with_quotes",
     multipart,
     part("name=\"a\"; filename=\"x\\\"y\\\".mp4\"", "b") + "--XX--\r\n",
     "a(x\"y\".mp4,,)=b;done"},
    {"file_name_with_a_windows_path",
     multipart,
     part("filename=\"C:\\dir\\a.mp4\"; name=\"a\"", "b") + "--XX--\r\n",
     "a(C:\\dir\\a.mp4,,)=b;done"},
    {"file_name_with_separators",
     multipart,
     part("filename=\"a;b,c=d\"; name=\"a\"", "b") + "--XX--\r\n",
     "a(a;b,c=d,,)=b;done"},
    {"empty_part", multipart, part("name=\"a\"", "") + "--XX--\r\n", "a(,,)=;done"},
    {"line_breaks_in_data",
     multipart,
     part("name=\"a\"", "\r\n\r\n--\r\n--X") + "--XX--\r\n",
     "a(,,)=\r\n\r\n--\r\n--X;done"},
    {"data_that_looks_like_a_delimiter",
     multipart,
     part("name=\"a\"", "\r\n--XXY\r\n--XX-\r\n--XX \tz") + "--XX--\r\n",
     "a(,,)=\r\n--XXY\r\n--XX-\r\n--XX \tz;done"},
    {"a_delimiter_that_begins_twice",
     multipart,
     part("name=\"a\"", "b\r\r\n-\r\n-\r") + "--XX--\r\n",
     "a(,,)=b\r\r\n-\r\n-\r;done"},
    {"blanks_behind_the_boundary",
     multipart,
     "--XX \t\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--XX--\r\n",
     "a(,,)=b;done"},
    {"two_media_parts",
     multipart,
     part("name=\"media\"", "1") + part("name=\"media\"", "2") + "--XX--\r\n",
     "media(,,)=1;media(,,)=2;done"},
    {"nested_multipart_is_data",
     multipart,
     part("name=\"a\"", "--YY\r\n\r\nz\r\n--YY--") + "--XX--\r\n",
     "a(,,)=--YY\r\n\r\nz\r\n--YY--;done"},
    {"no_parts", multipart, "--XX--\r\n", "done"},
    {"empty_body", multipart, "", "done"},
    {"no_closing_boundary", multipart, part("name=\"a\"", "b"), "a(,,)=bbody_truncated"},
    {"cut_in_the_data",
     multipart,
     "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nbc",
     "a(,,)=bcbody_truncated"},
    {"cut_in_a_part_head", multipart, "--XX\r\nContent-Dispo", "body_truncated"},
    {"cut_in_the_first_boundary", multipart, "--X", "body_truncated"},
    {"cut_behind_the_first_boundary", multipart, "--XX", "body_truncated"},
    {"cut_in_the_closing_boundary",
     multipart,
     part("name=\"a\"", "b") + "--XX-",
     "a(,,)=bbody_truncated"},
    {"another_boundary",
     multipart,
     "--YY\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--YY--\r\n",
     "multipart_boundary"},
    {"a_longer_boundary",
     multipart,
     "--XXY\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nb\r\n--XXY--\r\n",
     "multipart_boundary"},
    {"no_boundary_in_the_body", multipart, "command=INIT&total_bytes=5", "multipart_boundary"},
    {"no_boundary_declared", "multipart/form-data", "--XX--", "multipart_boundary"},
    {"boundary_of_200_characters",
     "multipart/form-data; boundary=" + std::string(200, 'b'),
     "",
     "multipart_boundary"},
    {"part_without_name", multipart, part("filename=\"x\"", "b") + "--XX--\r\n", "body_unreadable"},
    {"part_without_disposition", multipart, "--XX\r\n\r\nb\r\n--XX--\r\n", "body_unreadable"},
    {"part_header_without_colon", multipart, "--XX\r\nabc\r\n\r\nb\r\n--XX--\r\n", "body_unreadable"
    },
};

TEST(FormParser, ReadsMultipartWhereverItIsCut) {
    for (const auto& row : multipart_cases) {
        SCOPED_TRACE(row.name);
        expect_always(row.type, row.body, row.expected);
    }
}

const std::string urlencoded = "application/x-www-form-urlencoded; charset=UTF-8";

const FormCase urlencoded_cases[] = {
    {"parameters",
     urlencoded,
     "command=INIT&total_bytes=1024",
     "command(,,)=INIT;total_bytes(,,)=1024;done"},
    {"escapes_and_blanks",
     urlencoded,
     "a%5Bb%5d=c+d%2B%e4%00",
     std::string("a[b](,,)=c d+\xe4\0;done", 20)},
    {"equals_in_a_value", urlencoded, "media_data=QUJD==&a=b", "media_data(,,)=QUJD==;a(,,)=b;done"
    },
    {"line_breaks_are_skipped",
     urlencoded,
     "media_data=QU\r\nJD&a=b\r\n",
     "media_data(,,)=QUJD;a(,,)=b;done"},
    {"empty_values_and_names", urlencoded, "&a&b=&&=c&", "a(,,)=;b(,,)=;(,,)=c;done"},
    {"empty_body", urlencoded, "", "done"},
    {"bad_escape", urlencoded, "a=b%zz", "a(,,)=bbody_unreadable"},
    {"cut_escape", urlencoded, "a=b%4", "a(,,)=bbody_unreadable"},
    {"bad_escape_in_a_name", urlencoded, "a%=b", "body_unreadable"},
};

TEST(FormParser, ReadsUrlencodedWhereverItIsCut) {
    for (const auto& row : urlencoded_cases) {
        SCOPED_TRACE(row.name);
        expect_always(row.type, row.body, row.expected);
    }
}

const std::string json = "application/json";

const FormCase json_cases[] = {
    {"scalars",
     json,
     R"({"s":"x y","n":12345678901234567890123,"f":-1.5e3,"b":true,"z":null})",
     "s(,,)=x y;n(,,)=12345678901234567890123;f(,,)=-1.5e3;b(,,)=true;z(,,)=;done"},
    {"numbers_as_received",
     json,
     R"({"a":0,"b":-7,"c":1729384756,"d":1.50})",
     "a(,,)=0;b(,,)=-7;c(,,)=1729384756;d(,,)=1.50;done"},
    {"escapes",
     json,
     R"({"a\u0041":"\n\u00e4\ud83d\ude00\"\\"})",
     "aA(,,)=\n\u00e4\U0001F600\"\\;done"},
    {"list_of_scalars", json, R"({"owners":["1",2,true],"e":[]})", "owners(,,)=1,2,true;e(,,)=;done"
    },
    {"nested_object",
     json,
     R"({"o" : { "a" : [ 1 , "x\"" , {} ] , "b" : null } , "p" : 1})",
     R"(o(,,)={"a":[1,"x\"",{}],"b":null};p(,,)=1;done)"},
    {"list_of_objects", json, R"({"o":[{"a":1},{"b":2}]})", R"(o(,,)=[{"a":1},{"b":2}];done)"},
    {"two_lists", json, R"({"a":[[1]],"b":[2,3]})", "a(,,)=[[1]];b(,,)=2,3;done"},
    {"empty_object", json, " {} \r\n", "done"},
    {"empty_body", json, "", "done"},
    {"blank_body", json, " \r\n", "done"},
    {"an_array", json, "[1]", "json_expected"},
    {"a_string", json, "\"x\"", "json_expected"},
    {"no_json", json, "command=INIT", "json_expected"},
    {"ends_early", json, R"({"a":1)", "a(,,)=json_expected"},
    {"something_follows", json, R"({"a":1}{)", "a(,,)=1;json_expected"},
    {"bad_utf_8", json, "{\"a\":\"\xff\"}", "a(,,)=json_expected"},
};

TEST(FormParser, ReadsJsonWhereverItIsCut) {
    for (const auto& row : json_cases) {
        SCOPED_TRACE(row.name);
        expect_always(row.type, row.body, row.expected);
    }
}

const FormCase sniffed_cases[] = {
    {"json", "", R"( {"a":1})", "a(,,)=1;done"},
    {"json_as_text", "text/plain; charset=utf-8", R"({"a":1})", "a(,,)=1;done"},
    {"multipart", "", part("name=\"a\"; filename=\"f\"", "b") + "--XX--\r\n", "a(f,,)=b;done"},
    {"urlencoded", "", "a=b", "a(,,)=b;done"},
    {"empty", "", "", "done"},
    {"only_dashes", "", "--", "multipart_boundary"},
    {"a_boundary_of_200_characters", "", "--" + std::string(200, 'b') + "\r\n", "multipart_boundary"
    },
};

TEST(FormParser, ChoosesByTheFirstBytesIfTheTypeSaysNothing) {
    for (const auto& row : sniffed_cases) {
        SCOPED_TRACE(row.name);
        expect_always(row.type, row.body, row.expected);
    }
}

TEST(FormParser, RefusesOtherTypes) {
    EXPECT_EQ(make_form_parser("video/mp4").error().code, ErrorCode::unsupported_media_type);
    EXPECT_EQ(
        make_form_parser("multipart/mixed; boundary=a").error().code,
        ErrorCode::unsupported_media_type
    );
}

TEST(FormParser, NamesBothBoundariesIfTheyDiffer) {
    auto parser = make_form_parser("multipart/form-data; boundary=declared");
    const std::string_view body = "--found\r\n";
    auto input = std::as_bytes(std::span(body));
    const auto event = (*parser)->next(input, false);
    ASSERT_FALSE(event.has_value());
    EXPECT_TRUE(event.error().facts.contains("\"declared\"")) << event.error().facts;
    EXPECT_TRUE(event.error().facts.contains("\"found\"")) << event.error().facts;
}

TEST(FormParser, BoundsPartsAndTheirHeads) {
    std::string parts;
    std::string parameters;
    std::string members = "{\"x\":1";
    for (int i = 0; i < 101; ++i) {
        parts += part("name=\"a\"", "");
        parameters += "a=&";
        members += ",\"a\":1";
    }
    EXPECT_TRUE(read(multipart, parts + "--XX--", 0, 50).ends_with("too_many_fields"));
    EXPECT_TRUE(read(urlencoded, parameters, 0, 50).ends_with(";too_many_fields"));
    EXPECT_TRUE(read(json, members + "}", 0, 50).ends_with(";too_many_fields"));
    const auto long_name = std::string(1 << 20, 'n');
    EXPECT_EQ(
        read(multipart, part("name=\"" + long_name + "\"", "") + "--XX--", 0, 4096),
        "body_unreadable"
    );
    EXPECT_EQ(read(urlencoded, long_name + "=1", 0, 4096), "body_unreadable");
    EXPECT_EQ(read(json, "{\"" + long_name + "\":1}", 0, 4096), "json_expected");
}

TEST(FormParser, BoundsTheDepthAndTheSizeOfNestedJson) {
    EXPECT_EQ(
        read(json, R"({"a":)" + std::string(16, '[') + std::string(16, ']') + "}", 0, 5),
        "a(,,)=json_expected"
    );
    EXPECT_EQ(
        read(json, R"({"a":[")" + std::string(1 << 20, 'x') + "\"]}", 0, 4096),
        "a(,,)=json_expected"
    );
}

TEST(FormParser, StreamsLongValues) {
    const std::string value(3'000'000, 'A');
    EXPECT_EQ(
        read(urlencoded, "a=" + value + "&b=c", 0, 65'536), "a(,,)=" + value + ";b(,,)=c;done"
    );
    EXPECT_EQ(
        read(json, R"({"a":")" + value + R"(","b":"c"})", 0, 65'536),
        "a(,,)=" + value + ";b(,,)=c;done"
    );
}

TEST(FormParser, GivesMultipartDataAsItLiesInTheInput) {
    auto parser = make_form_parser(multipart);
    const auto body = part("name=\"a\"", std::string(100'000, 'm') + "\r\n--X");
    auto input = std::as_bytes(std::span(body)).first(100'000);
    ASSERT_EQ((*parser)->next(input, false)->kind, FormEvent::Kind::part_begin);
    const auto* begin = input.data();
    const auto event = (*parser)->next(input, false);
    EXPECT_EQ(event->data.data(), begin);
    EXPECT_TRUE(input.empty());
}

}  // namespace
}  // namespace sluice::http
