#include "diagnosis/read_trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "diagnosis/diagnose.hpp"

namespace sluice::diagnosis {
namespace {

std::string fixture(const std::string& name) {
    std::ifstream file(std::string(SLUICE_TRACES) + "/" + name);
    EXPECT_TRUE(file) << name;
    return {std::istreambuf_iterator<char>(file), {}};
}

struct Recording {
    const char* file;
    std::size_t calls;
    const char* code;
};
class Recordings : public testing::TestWithParam<Recording> {};

TEST_P(Recordings, OfTheRealXAreNamedByTheirCause) {
    const auto trace = read_trace(fixture(GetParam().file));
    ASSERT_TRUE(trace) << trace.error().facts;
    EXPECT_EQ(trace->calls.size(), GetParam().calls);
    const auto verdicts = diagnose(*trace);
    EXPECT_EQ(verdicts.front().code, GetParam().code) << verdicts.front().facts;
    for (const Verdict& verdict : verdicts) {
        EXPECT_FALSE(verdict.facts.contains("SECRET")) << verdict.facts;
        EXPECT_FALSE(verdict.next && verdict.next->curl.contains("SECRET"));
    }
}

const Recording recordings[] = {
    {"finalize_forgotten.curl.txt", 5, "finalize_missing"},
    {"finalize_forgotten_with_meter.curl.txt", 4, "finalize_missing"},
    {"finalize_forgotten.har", 4, "finalize_missing"},
    {"category_missing.har", 4, "category_missing"},
    {"polling_too_fast.har", 7, "polling_too_fast"},
    {"rate_limit.curl.txt", 2, "rate_limited"},
    {"append_refused.curl.txt", 4, "segment_too_large"},
    {"path_as_media.curl.txt", 3, "path_as_media"},
    {"ready.har", 5, "healthy"},
    {"scope_missing.trace.txt", 1, "scope_missing"},
};
INSTANTIATE_TEST_SUITE_P(Fixtures, Recordings, testing::ValuesIn(recordings), [](const auto& info) {
    std::string name = info.param.file;
    std::ranges::replace(name, '.', '_');
    return name;
});

std::string har_of(const std::string& entries) {
    return R"({"log":{"version":"1.2","creator":{"name":"a \"browser\" ]}"},"entries":[)" +
           entries + "]}}";
}

std::string har_entry(const std::string& initiator) {
    return R"({"_initiator":)" + initiator +
           R"(,"startedDateTime":"2026-01-02T03:04:05.000Z","time":12.5,"request":{"method":"GET",)"
           R"("url":"https://upload.twitter.com/1.1/media/upload.json?command=STATUS&media_id=7",)"
           R"("headers":[]},"response":{"status":404,"headers":[],"content":{"text":""}}})";
}

std::string joined(const std::string& entry, std::size_t count) {
    std::string all = entry;
    for (std::size_t i = 1; i < count; ++i) {
        all += "," + entry;
    }
    return all;
}

// Browsers keep the call stack of the script, and of what began it, and so on.
TEST(ReadTrace, ReadsHarFilesHoweverDeepTheirCallStacksAre) {
    for (const std::size_t depth : {40, 3000}) {
        std::string stack = "null";
        for (std::size_t i = 0; i < depth; ++i) {
            stack = R"({"callFrames":[{"url":"a\\\"]"}],"parent":)" + stack + "}";
        }
        const auto trace = read_trace(har_of(har_entry(stack)));
        ASSERT_TRUE(trace) << trace.error().facts;
        ASSERT_EQ(trace->calls.size(), 1U);
        EXPECT_EQ(trace->calls[0].command, "STATUS");
        EXPECT_EQ(trace->calls[0].status, 404);
    }
}

TEST(ReadTrace, ReadsLargeHarFilesAndTellsTheirRealBound) {
    const std::string small = R"({"request":{"method":"GET","url":"https://example.com/a.js"}})";
    const auto many = read_trace(har_of(joined(small, 30'000)));
    ASSERT_TRUE(many) << many.error().facts;
    EXPECT_EQ(many->calls.size(), 30'000U);
    EXPECT_FALSE(diagnose(*many).empty());
    const auto more = read_trace(har_of(joined(small, recorded_calls_max + 1)));
    ASSERT_FALSE(more);
    EXPECT_TRUE(more.error().facts.contains("more than 100000 entries")) << more.error().facts;
}

TEST(ReadTrace, TellsWhatIsWrongWithAHarFile) {
    const std::string entry = har_entry("null");
    const std::string whole = har_of(joined(entry, 3));
    const std::pair<std::string, std::string> wrong[] = {
        {R"({"log":{"entries":{}}})", "broken after entry 0"},
        {R"({"log":{"pages":[]},"entries":[]})", "no HAR file"},
        {whole.substr(0, whole.size() - 40), "broken in entry 3"},
        {har_of(entry + R"(,{"request":7})"), "Entry 2 of the HAR file has no request."},
    };
    for (const auto& [text, facts] : wrong) {
        const auto trace = read_trace(text);
        ASSERT_FALSE(trace) << text;
        EXPECT_TRUE(trace.error().facts.contains(facts)) << trace.error().facts;
    }
}

TEST(ReadTrace, ReadsBodiesThroughTheProgressMeterOfCurl) {
    const auto trace = read_trace(fixture("finalize_forgotten_with_meter.curl.txt"));
    ASSERT_TRUE(trace);
    EXPECT_EQ(trace->calls[0].command, "INIT");
    EXPECT_EQ(trace->calls[1].command, "APPEND");
    EXPECT_EQ(trace->calls.back().x_code, 130);
    EXPECT_EQ(trace->calls.back().text, "Over capacity");
    const auto next = diagnose(*trace).front().next;
    ASSERT_TRUE(next);
    EXPECT_TRUE(next->url.starts_with("http://media.example:8080/")) << next->url;
}

TEST(ReadTrace, RefusesWhatItDoesNotKnowAndSaysWhatItExpected) {
    for (const char* text :
         {"", "hello\n", "{\"log\":{}}", "{\"a\":1}", "[1,2]", "{\"log\":{\"entries\":[1]}}"}) {
        const auto trace = read_trace(text);
        ASSERT_FALSE(trace) << text;
        EXPECT_FALSE(trace.error().facts.empty());
    }
}

TEST(ReadTrace, ReadsTheTimelineOfTheNativeApiAndLinesOfIt) {
    const std::string init = R"({"time":"2026-11-25T10:00:00.000Z","call":"INIT","status":202})";
    const std::string status =
        R"({"time":"2026-11-25T10:00:01.000Z","call":"STATUS","status":409,"count":4,"code":"finalize_missing"})";
    for (const std::string& text :
         {"{\"data\":[" + init + "," + status + "]}", init + "\n" + status + "\n"}) {
        const auto trace = read_trace(text);
        ASSERT_TRUE(trace) << trace.error().facts;
        EXPECT_EQ(trace->calls.size(), 2u);
        EXPECT_EQ(diagnose(*trace).front().code, "finalize_missing");
    }
}

TEST(ReadTrace, SurvivesDeepJson) {
    EXPECT_FALSE(read_trace("{\"log\":{\"entries\":" + std::string(100'000, '[')));
}

}  // namespace
}  // namespace sluice::diagnosis
