#include "http/head_parser.hpp"

#include <gtest/gtest.h>

#include <string>

namespace sluice::http {
namespace {

using Code = ErrorCode;

Result<std::optional<ParsedHead>> parse(std::string_view text) {
    HeadParser parser;
    return parser.parse(text);
}

// The same bytes one by one: what the connection sees from a slow client.
Result<std::optional<ParsedHead>> parse_slowly(std::string_view text) {
    HeadParser parser;
    for (std::size_t size = 1; size < text.size(); ++size) {
        auto head = parser.parse(text.substr(0, size));
        if (!head || *head) {
            return head;
        }
    }
    return parser.parse(text);
}

std::string get(std::string_view target) {
    return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n\r\n";
}

std::string with(std::string_view fields) {
    return "POST /x HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string many_fields(int count) {
    std::string fields;
    for (int i = 0; i < count; ++i) {
        fields += "X-" + std::to_string(i) + ": y\r\n";
    }
    return fields;
}

struct RefusedCase {
    const char* name;
    std::string head;
    ErrorCode code;
};

const RefusedCase refused_cases[] = {
    {"content_length_twice_equal",
     with("Content-Length: 5\r\nContent-Length: 5\r\n"),
     Code::request_malformed},
    {"content_length_twice_different",
     with("Content-Length: 5\r\nContent-Length: 6\r\n"),
     Code::request_malformed},
    {"content_length_as_list", with("Content-Length: 5, 5\r\n"), Code::request_malformed},
    {"content_length_with_plus", with("Content-Length: +5\r\n"), Code::request_malformed},
    {"content_length_negative", with("Content-Length: -5\r\n"), Code::request_malformed},
    {"content_length_hexadecimal", with("Content-Length: 0x5\r\n"), Code::request_malformed},
    {"content_length_with_inner_blank", with("Content-Length: 5 0\r\n"), Code::request_malformed},
    {"content_length_in_arabic_digits",
     with("Content-Length: \xd9\xa5\r\n"),
     Code::request_malformed},
    {"content_length_empty", with("Content-Length:\r\n"), Code::request_malformed},
    {"content_length_2_to_63",
     with("Content-Length: 9223372036854775808\r\n"),
     Code::request_malformed},
    {"content_length_2_to_64_and_5",
     with("Content-Length: 18446744073709551621\r\n"),
     Code::request_malformed},
    {"length_and_chunked",
     with("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
     Code::request_malformed},
    {"transfer_encoding_twice",
     with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
     Code::request_malformed},
    {"chunked_then_identity",
     with("Transfer-Encoding: chunked, identity\r\n"),
     Code::transfer_encoding_unsupported},
    {"identity", with("Transfer-Encoding: identity\r\n"), Code::transfer_encoding_unsupported},
    {"xchunked", with("Transfer-Encoding: xchunked\r\n"), Code::transfer_encoding_unsupported},
    {"chunked_with_vertical_tab", with("Transfer-Encoding: \vchunked\r\n"), Code::request_malformed
    },
    {"chunked_with_trailing_comma",
     with("Transfer-Encoding: chunked,\r\n"),
     Code::transfer_encoding_unsupported},
    {"transfer_encoding_empty", with("Transfer-Encoding:\r\n"), Code::transfer_encoding_unsupported
    },
    {"chunked_in_http_1_0",
     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
     Code::request_malformed},
    {"bare_lf_everywhere", "GET / HTTP/1.1\nHost: a\n\n", Code::request_malformed},
    {"bare_lf_in_a_field", with("A: b\nC: d\r\n"), Code::request_malformed},
    {"bare_cr_in_a_field", with("A: b\rC: d\r\n"), Code::request_malformed},
    {"bare_cr_before_crlf", with("A: b\r\r\n"), Code::request_malformed},
    {"blank_before_the_colon", with("Content-Length : 5\r\n"), Code::request_malformed},
    {"blank_before_the_first_field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", Code::request_malformed},
    {"folded_line", with("A: b\r\n c\r\n"), Code::request_malformed},
    {"folded_with_tab", with("A: b\r\n\tc\r\n"), Code::request_malformed},
    {"nul_in_a_value", with(std::string("A: b\0c\r\n", 8)), Code::request_malformed},
    {"nul_in_a_name", with(std::string("A\0B: c\r\n", 8)), Code::request_malformed},
    {"control_character_in_a_value", with("A: b\x01\r\n"), Code::request_malformed},
    {"delete_in_a_value", with("A: b\x7f\r\n"), Code::request_malformed},
    {"high_byte_in_a_name", with("\xc3\xa4: b\r\n"), Code::request_malformed},
    {"field_without_colon", with("abc\r\n"), Code::request_malformed},
    {"field_without_name", with(": b\r\n"), Code::request_malformed},
    {"no_host", "GET / HTTP/1.1\r\n\r\n", Code::request_malformed},
    {"two_hosts", with("Host: b\r\n"), Code::request_malformed},
    {"host_with_path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", Code::request_malformed},
    {"host_with_user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", Code::request_malformed},
    {"host_empty", "GET / HTTP/1.1\r\nHost:\r\n\r\n", Code::request_malformed},
    {"two_hosts_in_http_1_0",
     "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
     Code::request_malformed},
    {"authority_form", "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n", Code::request_malformed},
    {"asterisk_with_get", get("*"), Code::request_malformed},
    {"absolute_form_of_another_scheme", get("ftp://a/b"), Code::request_malformed},
    {"absolute_form_with_user", get("http://u:p@a/b"), Code::request_malformed},
    {"absolute_form_without_host", get("http:///b"), Code::request_malformed},
    {"version_misspelt", "GET / HTP/1.1\r\nHost: a\r\n\r\n", Code::request_malformed},
    {"version_in_lower_case", "GET / http/1.1\r\nHost: a\r\n\r\n", Code::request_malformed},
    {"version_with_two_digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", Code::request_malformed},
    {"no_version", "GET /\r\n\r\n", Code::request_malformed},
    {"http_0_9", "GET / HTTP/0.9\r\n\r\n", Code::http_version_unsupported},
    {"http_1_2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", Code::http_version_unsupported},
    {"preface_of_http_2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Code::http_version_unsupported},
    {"hello_of_tls", "\x16\x03\x01\x02", Code::request_malformed},
    {"two_blanks_in_the_request_line", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", Code::request_malformed
    },
    {"tab_in_the_request_line", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", Code::request_malformed},
    {"blank_before_the_method", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", Code::request_malformed},
    {"blank_behind_the_version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", Code::request_malformed},
    {"control_character_in_the_target", get("/\x01"), Code::request_malformed},
    {"high_byte_in_the_target", get("/\xc3\xa4"), Code::request_malformed},
    {"fragment_in_the_target", get("/a#b"), Code::request_malformed},
    {"percent_alone", get("/%"), Code::request_malformed},
    {"percent_with_letters", get("/%zz"), Code::request_malformed},
    {"percent_cut", get("/a%4"), Code::request_malformed},
    {"percent_nul", get("/a%00b"), Code::request_malformed},
    {"three_empty_lines_first", "\r\n\r\n\r\n" + get("/"), Code::request_malformed},
    {"method_of_10_kb",
     std::string(10'000, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n",
     Code::uri_too_long},
    {"method_of_40_bytes",
     std::string(40, 'A') + " / HTTP/1.1\r\nHost: a\r\n\r\n",
     Code::request_malformed},
    {"target_of_64_kb", get("/" + std::string(64 * 1024, 'a')), Code::uri_too_long},
    {"10000_fields", with(many_fields(10'000)), Code::head_too_large},
    {"101_fields", with(many_fields(100)), Code::head_too_large},
    {"a_field_of_1_mib", with("A: " + std::string(1 << 20, 'b') + "\r\n"), Code::head_too_large},
    {"a_field_that_does_not_end",
     "GET / HTTP/1.1\r\nA: " + std::string(20'000, 'b'),
     Code::head_too_large},
    {"a_list_field_beyond_its_own_limit",
     with("Upload-Concat: final;" + std::string(list_bytes_max, 'b') + "\r\n"),
     Code::head_too_large},
    {"two_list_fields_beyond_it_together",
     with(
         "Upload-Concat: " + std::string(40'000, 'b') +
         "\r\nupload-concat: " + std::string(30'000, 'b') + "\r\n"
     ),
     Code::head_too_large},
    {"another_field_beside_a_list_field",
     with(
         "Upload-Concat: " + std::string(40'000, 'b') + "\r\nA: " + std::string(17'000, 'b') +
         "\r\n"
     ),
     Code::head_too_large},
    {"a_field_that_begins_like_a_list_field",
     with("Upload-Concatenated: " + std::string(20'000, 'b') + "\r\n"),
     Code::head_too_large},
    {"connection_with_tab_inside", with("Connection: keep-ali\tve\r\n"), Code::request_malformed},
    {"expect_nonsense", with("Expect: nonsense\r\n"), Code::expectation_unknown},
};

TEST(HeadParser, RefusesWhatMakesTheMessageDoubtful) {
    for (const auto& row : refused_cases) {
        const auto head = parse(row.head);
        ASSERT_FALSE(head.has_value()) << row.name;
        EXPECT_EQ(head.error().code, row.code) << row.name;
        EXPECT_FALSE(head.error().facts.empty()) << row.name;
    }
}

TEST(HeadParser, RefusesTheSameWhenTheBytesComeOneByOne) {
    for (const auto& row : refused_cases) {
        const auto head = parse_slowly(row.head);
        ASSERT_FALSE(head.has_value()) << row.name;
        EXPECT_EQ(head.error().code, row.code) << row.name;
    }
}

struct AcceptedCase {
    const char* name;
    std::string head;
    const char* path;
    const char* query;
    const char* base_url;
};

const AcceptedCase accepted_cases[] = {
    {"plain", get("/a/b?c=d&e"), "/a/b", "c=d&e", "http://a"},
    {"escaped", get("/a%20b%2Fc?x=%41"), "/a b/c", "x=%41", "http://a"},
    {"escaped_once_only", get("/%252e"), "/%2e", "", "http://a"},
    {"absolute_form", get("http://up.example:80/a?b"), "/a", "b", "http://up.example:80"},
    {"absolute_form_without_path", get("HTTP://up.example?b"), "/", "b", "http://up.example"},
    {"options_asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "*", "", "http://a"},
    {"http_1_0_without_host", "GET /a HTTP/1.0\r\n\r\n", "/a", "", ""},
    {"empty_line_first", "\r\n" + get("/a"), "/a", "", "http://a"},
    {"ipv6_host", "GET /a HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "/a", "", "http://[::1]:8080"},
    {"high_byte_in_a_value", with("A: \xc3\xa4\r\n"), "/x", "", "http://a"},
    {"a_list_of_a_thousand_urls",
     with(
         "upload-CONCAT: final;" + std::string(60'000, 'b') + "\r\nA: " + std::string(16'000, 'b') +
         "\r\n"
     ),
     "/x",
     "",
     "http://a"},
    {"a_hundred_fields", with(many_fields(99)), "/x", "", "http://a"},
};

TEST(HeadParser, AcceptsAndSplitsTheTarget) {
    for (const auto& row : accepted_cases) {
        const auto head = parse(row.head);
        ASSERT_TRUE(head.has_value()) << row.name << ": " << head.error().facts;
        ASSERT_TRUE(head->has_value()) << row.name;
        const auto& request = (*head)->request;
        EXPECT_EQ(request.path, row.path) << row.name;
        EXPECT_EQ(request.raw_query, row.query) << row.name;
        EXPECT_EQ(request.base_url, row.base_url) << row.name;
        EXPECT_EQ((*head)->bytes, row.head.size()) << row.name;
    }
}

// The name of the list is not known yet when its first bytes come behind fields that use their limit up.
TEST(HeadParser, AcceptsAListBehindAllOtherFieldsHoweverItComes) {
    const std::string around = "Host: a\r\nA: \r\n\r\n";
    const auto head =
        "POST /x HTTP/1.1\r\nHost: a\r\nA: " + std::string(fields_bytes_max - around.size(), 'b') +
        "\r\nUpload-Concat: final;" + std::string(1000, 'u') + "\r\n\r\n";
    for (const auto& parsed : {parse(head), parse_slowly(head)}) {
        ASSERT_TRUE(parsed) << parsed.error().facts;
        ASSERT_TRUE(*parsed);
        EXPECT_EQ((*parsed)->request.headers.size(), 3U);
    }
    EXPECT_FALSE(parse_slowly(
        "POST /x HTTP/1.1\r\nHost: a\r\nA: " + std::string(fields_bytes_max - around.size(), 'b') +
        "\r\nUpload-Concats: x\r\n\r\n"
    ));
}

TEST(HeadParser, NeedsEveryByteOfTheHeadAndNoneBehindIt) {
    for (const auto& row : accepted_cases) {
        HeadParser parser;
        const auto text = row.head + "GET /next";
        for (std::size_t size = 0; size < row.head.size(); ++size) {
            const auto head = parser.parse(std::string_view(text).substr(0, size));
            ASSERT_TRUE(head.has_value() && !head->has_value()) << row.name << " at " << size;
        }
        const auto head = parser.parse(text);
        ASSERT_TRUE(head.has_value() && head->has_value()) << row.name;
        EXPECT_EQ((*head)->bytes, row.head.size()) << row.name;
    }
}

TEST(HeadParser, ReadsTheFraming) {
    auto request = (*parse(with("content-LENGTH:  42\t\r\nExpect: 100-Continue\r\n")))->request;
    EXPECT_EQ(request.content_length, 42u);
    EXPECT_TRUE(request.expects_continue);
    EXPECT_TRUE(request.has_body());
    EXPECT_FALSE(request.is_chunked);
    EXPECT_FALSE(request.wants_close);

    request = (*parse(with("Transfer-Encoding: Chunked\t\r\nConnection: TE, close\r\n")))->request;
    EXPECT_TRUE(request.is_chunked);
    EXPECT_FALSE(request.content_length.has_value());
    EXPECT_TRUE(request.wants_close);

    request = (*parse("GET / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n"))->request;
    EXPECT_TRUE(request.wants_close);
    EXPECT_FALSE(request.expects_continue);
    EXPECT_EQ(request.version_minor, 0);

    request = (*parse("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"))->request;
    EXPECT_FALSE(request.wants_close);
}

TEST(HeadParser, KeepsFieldsInOrderAndWithoutOuterBlanks) {
    const auto request = (*parse(with("B: \t two  words \t\r\nA:\r\nb: other\r\n")))->request;
    ASSERT_EQ(request.headers.size(), 4u);
    EXPECT_EQ(request.headers[1].name, "B");
    EXPECT_EQ(request.headers[1].value, "two  words");
    EXPECT_EQ(request.headers[2].value, "");
    EXPECT_EQ(request.header("b"), "two  words");
    EXPECT_EQ(request.header("c"), std::nullopt);
}

TEST(HeadParser, ARequestThatIsUsedAgainHasNothingOfTheOneBefore) {
    Request request;
    HeadParser first;
    const auto old = "POST http://b/old?q HTTP/1.0\r\nHost: a\r\nContent-Length: 7\r\nX: y\r\n\r\n";
    ASSERT_TRUE(first.parse_into(request, old));
    request.request_id = request.peer = "old";
    request.direct_url = Rare(std::string("old"));
    request.is_inspected = true;
    make_empty(request);
    HeadParser second;
    const std::string head = get("/new");
    const auto bytes = second.parse_into(request, head);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(*bytes, head.size());
    EXPECT_EQ(request.method + request.target + request.path, "GET/new/new");
    EXPECT_EQ(request.raw_query + request.request_id + request.peer, "");
    EXPECT_EQ(request.base_url, "http://a");
    EXPECT_EQ(request.headers.size(), 1U);
    EXPECT_FALSE(
        request.direct_url || request.content_length || request.wants_close || request.is_inspected
    );
    EXPECT_EQ(request.version_minor, 1);
}

}  // namespace
}  // namespace sluice::http
