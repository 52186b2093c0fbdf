#include "protocol/common/work_classes.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::protocol {
namespace {

using namespace std::chrono_literals;

http::Request request(
    std::string method, std::string path, std::string query = "", std::uint64_t length = 0
) {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.raw_query = std::move(query);
    if (length > 0) {
        request.content_length = length;
    }
    return request;
}

TEST(WorkClasses, AreKnownByTheHead) {
    using enum WorkClass;
    const std::string v1 = "/1.1/media/upload.json";
    EXPECT_EQ(work_class_of(request("GET", v1, "command=STATUS&media_id=1")), control);
    EXPECT_EQ(work_class_of(request("POST", v1, "", 300)), control);
    EXPECT_EQ(work_class_of(request("POST", v1, "", 5 << 20)), bulk);
    EXPECT_EQ(work_class_of(request("POST", v1, "command=APPEND&media_id=1", 20)), bulk);
    EXPECT_EQ(work_class_of(request("POST", "/2/media/upload/12/append", "", 300)), bulk);
    EXPECT_EQ(work_class_of(request("POST", "/2/media/upload/12/finalize")), control);
    EXPECT_EQ(work_class_of(request("HEAD", "/media/7_1/original")), control);
    EXPECT_EQ(work_class_of(request("GET", "/media/7_1/original")), bulk);
    EXPECT_EQ(work_class_of(request("GET", "/livez")), std::nullopt);
    auto chunked = request("POST", v1);
    chunked.is_chunked = true;
    EXPECT_EQ(work_class_of(chunked), bulk);
}

TEST(WorkClasses, AFullOneTurnsAwayItsOwnAlone) {
    Metrics metrics;
    WorkClasses classes({.control = 4, .bulk = 2}, metrics);
    const auto append = request("POST", "/2/media/upload/1/append", "", 1 << 20);
    const auto status = request("GET", "/2/media/upload", "media_id=1");
    std::vector<WorkSlot> slots;
    slots.push_back(classes.enter(append).value());
    slots.push_back(classes.enter(append).value());
    const auto refused = classes.enter(append);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::overloaded);
    EXPECT_NE(refused.error().facts.find("2 requests of the class bulk"), std::string::npos);
    EXPECT_GE(refused.error().retry_after, 1s);
    EXPECT_TRUE(classes.enter(status));
    EXPECT_TRUE(classes.enter(request("GET", "/livez")));
    slots.pop_back();
    EXPECT_TRUE(classes.enter(append));
}

TEST(WorkClasses, KeepAQuarterOfControlForCallsWithoutABody) {
    Metrics metrics;
    WorkClasses classes({.control = 4, .bulk = 1}, metrics);
    const auto init = request("POST", "/1.1/media/upload.json", "", 100);
    std::vector<WorkSlot> slots;
    for (int i = 0; i < 3; ++i) {
        slots.push_back(classes.enter(init).value());
    }
    EXPECT_FALSE(classes.enter(init));
    EXPECT_TRUE(classes.enter(request("GET", "/1.1/media/upload.json", "command=STATUS")));
}

TEST(WorkClasses, ASmallBodyMovesToBulkWhenItsMediaBegins) {
    Metrics metrics;
    WorkClasses classes({.control = 4, .bulk = 1}, metrics);
    const auto small = request("POST", "/1.1/media/upload.json", "", 500);
    auto first = classes.enter(small).value();
    EXPECT_TRUE(classes.move_to_bulk(first));
    EXPECT_TRUE(first.is(WorkClass::bulk));
    EXPECT_TRUE(classes.move_to_bulk(first));
    auto second = classes.enter(small).value();
    EXPECT_FALSE(classes.move_to_bulk(second));
    EXPECT_TRUE(second.is(WorkClass::control));
}

TEST(WorkGate, SaysWhenToComeAgainFromWhatItSaw) {
    Metrics metrics;
    WorkGate gate(metrics, "bulk", "APPEND", 10);
    const WorkGate::Time start{1h};
    for (int i = 0; i < 10; ++i) {
        ASSERT_TRUE(gate.enter(10, start));
    }
    EXPECT_EQ(gate.enter(10, start).error().retry_after, 1s);
    // Nothing moved for eight seconds: it may take as long again.
    EXPECT_EQ(gate.enter(10, start + 8s).error().retry_after, 9s);
    // Two ended, and this is the eighth that wants one of the places.
    gate.leave();
    gate.leave();
    ASSERT_TRUE(gate.enter(10, start + 8s));
    ASSERT_TRUE(gate.enter(10, start + 8s));
    for (int i = 0; i < 5; ++i) {
        ASSERT_FALSE(gate.enter(10, start + 8s));
    }
    EXPECT_EQ(gate.enter(10, start + 8s).error().retry_after, 5s);
}

}  // namespace
}  // namespace sluice::protocol
