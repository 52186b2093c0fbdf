#include "diagnosis/read_trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

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
