// An open upload's verdict is about now: what was refused, and has come since, is no cause.
#include "diagnosis/diagnose_testing.hpp"

namespace sluice::diagnosis {
namespace {

class OpenUpload : public testing::Test {
  protected:
    // Three segments of 12 bytes are announced.
    OpenUpload() {
        calls.init(36);
        calls.trace.upload = UploadFacts{
            .origin = "http://127.0.0.1:8080",
            .media_id = id,
            .state = "open",
            .total_bytes = 36,
            .expires_at = "2026-01-01T00:00:00Z",
        };
    }
    void has(std::uint64_t segments, std::vector<std::uint64_t> missing = {}) {
        calls.trace.upload->segments = segments;
        calls.trace.upload->received_bytes = 12 * segments;
        calls.trace.upload->missing = std::move(missing);
    }
    void refused(Call& call, std::string code, std::string text) {
        call.code = std::move(code);
        call.text = std::move(text);
    }
    std::vector<Verdict> verdicts() const { return diagnose(calls.trace); }

    Story1 calls;
    std::string append_1 =
        "curl -X POST "
        "'http://127.0.0.1:8080/1.1/media/upload.json?command=APPEND&media_id=" +
        id + "&segment_index=1' -F media=@FILE";
};

TEST_F(OpenUpload, AsksForFinalizeOnceTheMissingSegmentHasCome) {
    calls.append(0, 12);
    calls.append(2, 12);
    refused(calls.finalize(400, ""), "segment_missing", "Segment 1 is missing.");
    has(2, {1});
    auto found = verdicts();
    EXPECT_EQ(found.front().code, "segment_missing");
    ASSERT_TRUE(found.front().next);
    EXPECT_EQ(found.front().next->curl, append_1);
    EXPECT_EQ(found.front().facts.find("Since then"), std::string::npos);

    calls.append(1, 12);
    has(3);
    found = verdicts();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].code, "finalize_missing");
    EXPECT_EQ(found[0].confidence, Confidence::certain);
    EXPECT_NE(found[0].facts.find("FINALIZE was not accepted."), std::string::npos);
    ASSERT_TRUE(found[0].next);
    EXPECT_NE(found[0].next->url.find("command=FINALIZE"), std::string::npos);
    EXPECT_EQ(found[1].code, "segment_missing");
    EXPECT_NE(found[1].facts.find("Since then: 3 segments with 36 of 36"), std::string::npos);
    EXPECT_EQ(found[1].hint, "Nothing needs to be done about it.");
    EXPECT_FALSE(found[1].next);
}

TEST_F(OpenUpload, TellsWhatStillLacksAfterARefusedFinalize) {
    refused(calls.finalize(400, ""), "nothing_appended", "0 of 36 bytes arrived.");
    EXPECT_EQ(verdicts().front().code, "nothing_appended");
    EXPECT_NE(verdicts().front().next->url.find("segment_index=0"), std::string::npos);
    calls.append(1, 12);
    has(1, {0});
    EXPECT_EQ(verdicts().front().code, upload_under_way);

    refused(calls.finalize(400, ""), "segment_missing", "Segment 0 is missing.");
    calls.append(0, 12);
    has(2);
    const auto found = verdicts();
    EXPECT_EQ(found.front().code, "segment_missing");
    EXPECT_NE(found.front().facts.find("Since then: 2 segments with 24 of 36"), std::string::npos);
    EXPECT_NE(found.front().next->url.find("segment_index=2"), std::string::npos);
}

TEST_F(OpenUpload, DoesNotAccuseAConflictThatDidNoHarm) {
    calls.append(0, 12);
    refused(calls.append(0, 12, 400), "segment_conflict", "Segment 0 is there with other bytes.");
    calls.append(2, 12);
    has(2, {1});
    auto found = verdicts();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].code, upload_under_way);
    EXPECT_EQ(found[1].code, "segment_conflict");

    refused(calls.finalize(400, ""), "segment_missing", "Segment 1 is missing.");
    found = verdicts();
    EXPECT_EQ(found[0].code, "segment_missing");
    EXPECT_EQ(found[0].confidence, Confidence::certain);
    EXPECT_EQ(found[0].next->curl, append_1);
    EXPECT_EQ(found[1].code, "segment_conflict");
    EXPECT_EQ(found[1].confidence, Confidence::possible);
}

TEST_F(OpenUpload, KeepsARefusedAppendAsTheCauseWhileItsSegmentLacks) {
    calls.append(0, 12);
    refused(calls.append(1, 12, 400), "segment_too_large", "12 bytes are too many.");
    refused(calls.status(429), "rate_limited", "Too many questions.");
    has(1);
    const auto found = verdicts();
    EXPECT_EQ(found[0].code, "segment_too_large");
    EXPECT_EQ(found[1].code, "finalize_missing");
    EXPECT_NE(found[1].facts.find("FINALIZE was never sent."), std::string::npos);
    EXPECT_EQ(found[1].next->curl, append_1);
    EXPECT_EQ(found[2].code, "rate_limited");
}

TEST_F(OpenUpload, OffersNoSegmentWhereAllBytesAreThereInWrongPlaces) {
    calls.append(1, 36);
    refused(calls.finalize(400, ""), "segment_missing", "Segment 0 is missing.");
    has(1, {0});
    calls.trace.upload->received_bytes = 36;
    const auto found = verdicts();
    EXPECT_EQ(found.front().code, "segment_missing");
    for (const Verdict& one : found) {
        EXPECT_FALSE(one.next) << one.next->curl;
    }
}

TEST(DiagnosisOfARecording, NamesTheSegmentToSend) {
    Story1 story;
    story.init(36);
    story.append(0, 12);
    story.append(2, 12);
    story.finalize(400, "").text = "Segments do not add up to provided total file size.";
    auto found = diagnose(story.trace);
    ASSERT_TRUE(found.front().next);
    EXPECT_EQ(
        found.front().next->curl,
        "curl -X POST -H \"Authorization: $AUTHORIZATION\" "
        "'https://upload.twitter.com/1.1/media/upload.json?command=APPEND&media_id=" +
            id + "&segment_index=1' -F media=@FILE"
    );
    story.trace.calls.back().path = "/2/media/upload/" + id + "/finalize";
    found = diagnose(story.trace);
    EXPECT_TRUE(found.front().next->curl.ends_with(
        "'https://upload.twitter.com/2/media/upload/" + id +
        "/append' -F segment_index=1 -F media=@FILE"
    )) << found.front().next->curl;
    EXPECT_NE(found.front().next->curl.find("-X POST"), std::string::npos);
}

}  // namespace
}  // namespace sluice::diagnosis
