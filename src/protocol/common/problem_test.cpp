#include "protocol/common/problem.hpp"

#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "base/error_catalogue.hpp"

namespace sluice::protocol {
namespace {

namespace json = boost::json;

// By the writer that escapes each text as a whole.
std::string expected_truth(
    const Error& error, const std::optional<NextCall>& next, const http::Request& request
) {
    const ErrorEntry& entry = entry_of(error.code);
    JsonWriter json;
    json.begin_object().member("message", whole_message(error));
    json.member("code", entry.slug);
    json.member("detail", error.facts.empty() ? std::string(entry.title) + "." : error.facts);
    json.member("hint", entry.hint).key("next");
    if (next) {
        const std::string sent =
            request.header("Authorization") ? " -H \"Authorization: Bearer $SLUICE_TOKEN\"" : "";
        json.begin_object().member("method", next->method).member("url", next->url);
        json.member("curl", "curl -X " + std::string(next->method) + sent + " '" + next->url + "'")
            .end_object();
    } else {
        json.null();
    }
    json.member("doc_url", doc_url(error, request)).member("request_id", request.request_id);
    if (request.is_inspected) {
        json.member("log_url", request.base_url + "/requests/" + request.request_id);
    }
    return json.member("retryable", entry.retryable).end_object().take();
}

std::string truth_of(
    const Error& error, const std::optional<NextCall>& next, const http::Request& request
) {
    const ErrorWords words(error, next, request);
    JsonWriter json;
    json.begin_object().key("message").raw(words.message_bytes(), [&](RawText& out) {
        words.put_message(out);
    });
    json.raw(words.truth_bytes(), [&](RawText& out) { words.put_truth(out); });
    return json.end_object().take();
}

http::Request request_of(bool is_inspected, bool has_credentials) {
    http::Request request;
    request.request_id = "req_0123456789";
    request.base_url = "http://sluice.test:8080";
    request.is_inspected = is_inspected;
    if (has_credentials) {
        request.headers.push_back({"Authorization", "Bearer x"});
    }
    return request;
}

TEST(Problem, SaysOfEveryErrorWhatItsTextsSay) {
    const NextCall next{"POST", "http://sluice.test:8080/1.1/media/upload.json?command=FINALIZE"};
    for (const ErrorEntry& entry : error_catalogue()) {
        for (const char* facts : {"", "3 of 8 bytes.", "The name is \"a\\b\"\n\xc3\xa4 \xff."}) {
            for (const bool flag : {false, true}) {
                const Error error{.code = entry.code, .facts = facts};
                const auto request = request_of(flag, !flag);
                EXPECT_EQ(truth_of(error, next, request), expected_truth(error, next, request));
                EXPECT_EQ(
                    truth_of(error, std::nullopt, request),
                    expected_truth(error, std::nullopt, request)
                );
            }
        }
    }
}

// The shell takes the address as it stands, whatever is in it.
TEST(Problem, PrintsACallThatRuns) {
    const NextCall next{"GET", "http://it's/\"x\""};
    const std::string text =
        truth_of({.code = ErrorCode::media_unknown}, next, request_of(true, true));
    const auto curl = json::parse(text).at("next").at("curl").as_string();
    EXPECT_EQ(
        std::string_view(curl),
        R"(curl -X GET -H "Authorization: Bearer $SLUICE_TOKEN" 'http://it'\''s/"x"')"
    );
}

TEST(Problem, LinksToThePageOfTheError) {
    const Error error{.code = ErrorCode::media_unknown};
    EXPECT_EQ(
        help_link(error, request_of(false, false)),
        "<http://sluice.test:8080/docs/errors/media_unknown>; rel=\"help\""
    );
}

}  // namespace
}  // namespace sluice::protocol
