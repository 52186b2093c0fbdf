#include "protocol/common/recorder.hpp"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

namespace sluice::protocol {
namespace {

http::Request request_of(std::string id) {
    http::Request request;
    request.method = "GET";
    request.target = "/1.1/media/upload.json?command=STATUS&media_id=7&oauth_token=secret-token";
    request.path = "/1.1/media/upload.json";
    request.headers = {{"Authorization", "Bearer hidden-token-value"}, {"User-Agent", "test"}};
    request.request_id = std::move(id);
    return request;
}

http::Response answer_of(std::string body) {
    http::Response response;
    response.status = 409;
    response.error_code = "finalize_missing";
    response.body = std::move(body);
    return response;
}

class RecorderTest : public testing::Test {
  protected:
    void record(Recorder& recorder, const std::string& id, const std::string& body = "{}") {
        const http::Request request = request_of(id);
        Exchange exchange(request);
        exchange.caller = Identity{.principal = {"token:alice"}};
        exchange.parts.push_back({.name = "media", .place = "body", .start = "\x89PNG"});
        recorder.record(exchange, answer_of(body), {.body_bytes = 10});
    }

    ManualClock clock_;
};

TEST_F(RecorderTest, KeepsTheLastOnes) {
    Recorder recorder(InspectorMode::full, {.exchanges_max = 3});
    for (int i = 0; i < 5; ++i) {
        record(recorder, "req_" + std::to_string(i));
    }
    const auto all = recorder.all();
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all.front()->id(), "req_4");
    EXPECT_EQ(all.back()->id(), "req_2");
    EXPECT_EQ(recorder.find("req_1"), nullptr);
    EXPECT_EQ(recorder.find("req_3")->number, 4U);
}

TEST_F(RecorderTest, FindsTheOneOfTheOwnerAmongThoseOfOneId) {
    Recorder recorder(InspectorMode::full);
    record(recorder, "req_1");
    const http::Request request = request_of("req_1");
    Exchange exchange(request);
    exchange.caller = Identity{.principal = {"token:mallory"}};
    recorder.record(exchange, answer_of("{}"), {});
    const Principal alice{"token:alice"};
    const Principal bob{"token:bob"};
    EXPECT_EQ(recorder.find("req_1")->number, 2U);
    EXPECT_EQ(recorder.find("req_1", &alice)->number, 1U);
    EXPECT_EQ(recorder.find("req_1", &bob), nullptr);
}

TEST_F(RecorderTest, WhatSomebodyHoldsStaysAsItWas) {
    Recorder recorder(InspectorMode::full, {.exchanges_max = 2});
    record(recorder, "req_held", "{1}");
    const auto held = recorder.find("req_held");
    const auto others = recorder.all();
    for (int i = 0; i < 9; ++i) {
        record(recorder, "req_" + std::to_string(i));
    }
    EXPECT_EQ(held->id(), "req_held");
    EXPECT_EQ(held->answer_start(), "{1}");
    EXPECT_EQ(others.front(), held);
}

TEST_F(RecorderTest, AnExchangeHasNothingOfTheOneWhoseMemoryItTakes) {
    Recorder recorder(InspectorMode::full, {.exchanges_max = 1});
    for (int i = 0; i < 3; ++i) {
        record(recorder, "req_old", "a long answer");
    }
    const http::Request request{
        .method = "GET", .target = "/x", .path = "/x", .request_id = "req_new"
    };
    Exchange exchange(request);
    recorder.record(exchange, {}, {});
    const auto kept = recorder.find("req_new");
    ASSERT_NE(kept, nullptr);
    EXPECT_FALSE(kept->has_owner);
    EXPECT_TRUE(kept->parts.empty());
    EXPECT_EQ(
        std::string(kept->headers())
            .append(kept->answer_start())
            .append(kept->error_code())
            .append(kept->caller_name()),
        ""
    );
    EXPECT_EQ(kept->target(), "/x");
    EXPECT_EQ(kept->body_bytes, 0U);
}

TEST_F(RecorderTest, ThreadsTakeTheMemoryOfEachOthersExchanges) {
    Recorder recorder(InspectorMode::full, {.exchanges_max = 4});
    std::vector<std::jthread> loops;
    for (int loop = 0; loop < 3; ++loop) {
        loops.emplace_back([&, loop] {
            for (int i = 0; i < 500; ++i) {
                const std::string id = std::to_string(loop) + "_" + std::to_string(i);
                record(recorder, id, "{" + id + "}");
            }
        });
    }
    for (int look = 0; look < 200; ++look) {
        for (const auto& one : recorder.all()) {
            EXPECT_EQ(one->answer_start(), "{" + std::string(one->id()) + "}");
        }
    }
    loops.clear();
    EXPECT_EQ(recorder.all().front()->number, 1500U);
}

TEST_F(RecorderTest, KeepsWhatHasNoSecretAsItWas) {
    Recorder recorder(InspectorMode::full);
    const http::Request request{
        .method = "GET",
        .target = "/1.1/media/upload.json?command=STATUS&media_id=7",
        .path = "/1.1/media/upload.json",
        .headers = {{"Host", "sluice.test"}, {"Accept", "*/*"}},
        .request_id = "req_1",
        .peer = "127.0.0.1",
        .base_url = "http://sluice.test",
    };
    Exchange exchange(request);
    exchange.caller = Identity{.principal = {"user:7"}, .name = "Alice"};
    exchange.call = "STATUS";
    auto answer = answer_of("{\"token\":1}");
    answer.route = "x1.status";
    answer.set("Sluice-Error", "finalize_missing");
    recorder.record(exchange, answer, {.ended = WallTime{std::chrono::seconds{1}}});
    const auto kept = recorder.find("req_1");
    ASSERT_NE(kept, nullptr);
    EXPECT_EQ(kept->owner(), "user:7");
    EXPECT_EQ(kept->caller_name(), "Alice");
    EXPECT_EQ(kept->peer(), "127.0.0.1");
    EXPECT_EQ(kept->method(), "GET");
    EXPECT_EQ(kept->url(), request.base_url + request.target);
    EXPECT_EQ(kept->headers(), "Host: sluice.test\r\nAccept: */*\r\n");
    EXPECT_EQ(kept->route(), "x1.status");
    EXPECT_EQ(kept->call(), "STATUS");
    EXPECT_EQ(kept->error_code(), "finalize_missing");
    EXPECT_EQ(
        kept->answer_headers(),
        "Date: Thu, 01 Jan 1970 00:00:01 GMT\r\nX-Request-Id: req_1\r\n"
        "X-Content-Type-Options: nosniff\r\nSluice-Error: finalize_missing\r\n"
        "Content-Length: 11\r\n"
    );
    EXPECT_EQ(kept->answer_start(), "{\"token\":1}");
}

TEST_F(RecorderTest, IsBoundedInBytes) {
    Recorder recorder(InspectorMode::full, {.bytes_max = 100'000});
    for (int i = 0; i < 200; ++i) {
        record(recorder, "req_" + std::to_string(i), std::string(20'000, 'x'));
    }
    const auto all = recorder.all();
    EXPECT_LT(all.size(), 13U);
    EXPECT_EQ(all.front()->answer_start().size(), 8192U);
    EXPECT_EQ(all.front()->answer_bytes, 20'000U);
}

TEST_F(RecorderTest, HasNoSecretsNorTheirRepetitions) {
    Recorder recorder(InspectorMode::full);
    record(recorder, "req_1", "you sent hidden-token-value and secret-token");
    const auto kept = recorder.find("req_1");
    for (const std::string_view text : {kept->target(), kept->headers(), kept->answer_start()}) {
        EXPECT_EQ(text.find("hidden-token"), std::string_view::npos) << text;
        EXPECT_EQ(text.find("secret-token"), std::string::npos) << text;
    }
    EXPECT_NE(kept->headers().find("Authorization: Bearer ****"), std::string::npos);
}

TEST_F(RecorderTest, KeepsNoBytesOfBodiesWhenOnlyMetadataIsAsked) {
    Recorder recorder(InspectorMode::metadata);
    record(recorder, "req_1", "body");
    const auto kept = recorder.find("req_1");
    EXPECT_EQ(kept->answer_start(), "");
    EXPECT_EQ(kept->parts.front().start, "");
    EXPECT_EQ(kept->parts.front().name, "media");
}

TEST_F(RecorderTest, LeavesOutWhatLooksAtItAndProbes) {
    const Recorder recorder(InspectorMode::full);
    for (const char* path : {"/livez", "/readyz", "/metrics", "/api/v1/requests/req_1"}) {
        EXPECT_FALSE(recorder.records(path)) << path;
    }
    EXPECT_TRUE(recorder.records("/1.1/media/upload.json"));
    EXPECT_FALSE(Recorder(InspectorMode::off).records("/1.1/media/upload.json"));
}

}  // namespace
}  // namespace sluice::protocol
