#include "http/response_head.hpp"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

std::string head_of(const Response& response, const ResponseHeadFacts& facts) {
    std::string out;
    append_response_head(out, response, facts);
    return out;
}

TEST(ResponseHead, CarriesWhatEveryAnswerCarries) {
    Response response;
    response.status = 201;
    response.set("Content-Type", "application/json");
    const auto head = head_of(
        response,
        {.request_id = "req_1",
         .date = "Tue, 24 Nov 2026 13:48:51 GMT",
         .length = 7,
         .keeps_alive = true}
    );
    EXPECT_EQ(
        head,
        "HTTP/1.1 201 Created\r\n"
        "Date: Tue, 24 Nov 2026 13:48:51 GMT\r\n"
        "X-Request-Id: req_1\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Content-Type: application/json\r\n"
        "Content-Length: 7\r\n\r\n"
    );
}

TEST(ResponseHead, SaysWhatBecomesOfTheConnection) {
    EXPECT_TRUE(head_of({}, {.keeps_alive = false}).contains("\r\nConnection: close\r\n"));
    EXPECT_TRUE(head_of({}, {.is_http_1_0 = true}).contains("\r\nConnection: keep-alive\r\n"));
    EXPECT_FALSE(head_of({}, {}).contains("\r\nConnection:"));
}

TEST(ResponseHead, HasNoLengthWhereThereIsNoBody) {
    Response response;
    response.status = 204;
    EXPECT_FALSE(head_of(response, {}).contains("Content-Length"));
    response.status = 304;
    EXPECT_FALSE(head_of(response, {}).contains("Content-Length"));
    response.status = 200;
    EXPECT_TRUE(head_of(response, {}).contains("Content-Length: 0\r\n"));
}

TEST(ResponseHead, LetsNoValueBeginAField) {
    Response response;
    response.set("Location", std::string("/a\r\nSet-Cookie: b\n"));
    EXPECT_TRUE(head_of(response, {}).contains("\r\nLocation: /a  Set-Cookie: b \r\n"));
}

TEST(ResponseHead, FindsAControlWhereverItStands) {
    for (unsigned byte = 0; byte < 256; ++byte) {
        for (std::size_t place = 0; place < 19; ++place) {
            std::string value = "a ~zZ09[]{}!#/<=>^_";
            value[place] = static_cast<char>(byte);
            Response response;
            response.set("Location", value);
            if (byte < 0x20 || byte == 0x7f) {
                value[place] = ' ';
            }
            EXPECT_TRUE(head_of(response, {}).contains("\r\nLocation: " + value + "\r\n"))
                << byte << " at " << place;
        }
    }
}

TEST(ResponseHead, HasTheFieldsInTheirOrder) {
    Response response;
    response.set("Cache-Control", "no-store");
    response.set("Location", std::string("/a"));
    response.set("Retry-After", 7U);
    EXPECT_TRUE(head_of(response, {})
                    .contains("\r\nCache-Control: no-store\r\nLocation: /a\r\nRetry-After: 7\r\n"));
}

TEST(ResponseHead, FindsAndRemovesAFieldByItsWholeName) {
    Fields fields;
    fields.add("Allow-More", "a");
    fields.add("Allow", "GET: HEAD");
    fields.add("Vary", "");
    fields.add("Allow", "POST");
    EXPECT_EQ(fields.find("Allow"), "GET: HEAD");
    EXPECT_EQ(fields.find("Vary"), "");
    EXPECT_EQ(fields.find("Location"), std::nullopt);
    fields.remove("Allow");
    EXPECT_EQ(fields.text(), "Allow-More: a\r\nVary: \r\n");
}

}  // namespace
}  // namespace sluice::http
