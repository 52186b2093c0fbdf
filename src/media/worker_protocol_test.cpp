#include "media/worker_protocol.hpp"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using namespace std::chrono_literals;

std::string_view without_newline(const std::string& line) {
    EXPECT_TRUE(line.ends_with('\n'));
    return std::string_view(line).substr(0, line.size() - 1);
}

TEST(WorkerProtocol, AnOrderSurvivesTheWay) {
    const JobOrder order{
        .job = {UINT64_MAX},
        .media = {1349803915521482754},
        .category = Category::dm_video,
        .declared_type = "video/mp4",
        .input = "/data/with \"quotes\"\n and breaks",
        .output_folder = "/data/out",
        .cores = 2,
        .speed_factor = 1.25,
        .speed_spread = 2.5,
        .as_x = true,
        .may_copy = false,
        .with_avif = true,
    };
    const auto line = encode(order);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const auto decoded = decode_order(without_newline(line));
    ASSERT_TRUE(decoded) << decoded.error().detail;
    EXPECT_EQ(*decoded, order);
}

TEST(WorkerProtocol, EveryReportSurvivesTheWay) {
    const WorkerReport reports[] = {
        WorkerHello{77, "0.1.0"},
        ProgressReport{{5}, 42, "encode", 1500ms},
        PlayableReport{{5}, {{"a.mp4", "video/mp4", {10}, 2, 4, 2000}}},
        DoneReport{
            {5},
            {{"poster.jpg", "image/jpeg", {9}, 640, 360, 0, OutputRole::poster},
             {"a.mp4", "video/mp4", {10}, 2, 4, 2000, OutputRole::track, true, "mSgKQxBw"}},
            1s,
            2s,
            {"video/mp4", 640, 360, "FrameRate Found 120.\n"}
        },
        FailedReport{{5}, {1, "InvalidMedia", "Truncated", "file is invalid: \"é\""}, true},
    };
    for (const auto& report : reports) {
        const auto decoded = decode_report(without_newline(encode(report)));
        ASSERT_TRUE(decoded) << decoded.error().detail;
        EXPECT_EQ(*decoded, report);
    }
}

TEST(WorkerProtocol, RefusesWhatAWorkerGoneWrongMightSay) {
    const std::string output =
        R"({"name":"NAME","content_type":"image/png","size":1,"width":1,"height":1,"duration_ms":0,"role":"picture","is_copied":false,"placeholder":""})";
    const auto done_with = [&](const std::string& name) {
        auto one = output;
        one.replace(one.find("NAME"), 4, name);
        return R"({"type":"done","job":"1","predicted_ms":1,"spent_ms":1,"media_type":"a","width":1,"height":1,"conversions":"","probed":"","outputs":[)" +
               one + "]}";
    };
    ASSERT_TRUE(decode_report(done_with("a.mp4")));
    const auto with_type = [&](const std::string& type) {
        auto line = done_with("a.png");
        line.replace(line.find("image/png"), 9, type);
        return line;
    };
    const std::string lines[] = {
        "",
        "null",
        "[]",
        "{",
        "{}",
        R"({"type":"boom"})",
        R"({"type":"progress","job":"1"})",
        R"({"type":"progress","job":"1","percent":100,"step":"x","remaining_ms":0})",
        R"({"type":"progress","job":"1","percent":"9","step":"x","remaining_ms":0})",
        R"({"type":"progress","job":"1","percent":9,"step":"x","remaining_ms":-1})",
        R"({"type":"progress","job":1,"percent":9,"step":"x","remaining_ms":1})",
        R"({"type":"done","job":"1","predicted_ms":1,"spent_ms":1,"media_type":"a","width":1,"height":1,"conversions":"","probed":"","outputs":[7]})",
        done_with("../../etc/passwd"),
        done_with("a/b"),
        done_with(".hidden"),
        done_with(""),
        done_with("A.mp4"),
        with_type("text/html"),
        with_type("video/mp4"),
        with_type("image/png\\r\\nX-Evil: 1"),
        std::string(worker_line_max + 1, ' '),
        std::string(60'000, '['),
    };
    for (const auto& line : lines) {
        EXPECT_FALSE(decode_report(line)) << line.substr(0, 100);
    }
}

TEST(WorkerProtocol, RefusesAnOrderWithAHole) {
    const auto whole =
        encode(JobOrder{.job = {1}, .media = {2}, .input = "/i", .output_folder = "/o"});
    ASSERT_TRUE(decode_order(without_newline(whole)));
    for (const auto* member :
         {"job\":", "media\":", "category", "input", "output_folder", "cores"}) {
        auto line = whole;
        line.insert(line.find(std::string("\"") + member) + 1, "x");
        EXPECT_FALSE(decode_order(line)) << member;
    }
}

}  // namespace
}  // namespace sluice
