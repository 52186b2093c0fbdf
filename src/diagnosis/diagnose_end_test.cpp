// The second half of the table: FINALIZE, STATUS, use, credentials, content.
#include "diagnosis/diagnose_testing.hpp"

namespace sluice::diagnosis {
namespace {

using namespace std::chrono_literals;

const Row finish_rows[] = {
    {"row_54_more_than_announced",
     "beyond_total_bytes",
     [](Story1& s) {
         s.init(20);
         s.append(0, 12);
         s.append(1, 12);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
     },
     Confidence::certain},
    {"row_58_a_gap",
     "segment_missing",
     [](Story1& s) {
         s.init(36);
         s.append(0, 12);
         s.append(2, 12);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
     },
     Confidence::certain},
    {"row_59_last_segment_cut",
     "size_mismatch",
     [](Story1& s) {
         s.init(24);
         s.append(0, 12);
         s.append(1, 11);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
     },
     Confidence::certain},
    {"row_61_nothing_appended",
     "nothing_appended",
     [](Story1& s) {
         s.init(24);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
     },
     Confidence::certain},
    {"row_63_a_refused_append_ignored",
     "segment_too_large",
     [](Story1& s) {
         s.init(24);
         s.append(0, 12);
         s.append(1, 12, 413);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
         Story1::x(s.status(503), 130, "Over capacity");
     },
     Confidence::certain},
    {"row_67_png_as_video",
     "type_mismatch",
     [](Story1& s) {
         s.init(24);
         s.append(0, 24).media->start = "\x89PNG\r\n";
         s.finalize(400, "").text = "media type unrecognized.";
     },
     Confidence::certain},
    {"row_71_finalize_failed_unnoticed",
     "size_mismatch",
     [](Story1& s) {
         s.init(24);
         s.append(0, 12);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
         Story1::x(s.status(503), 130, "Over capacity");
     },
     Confidence::certain},
    {"row_72_status_of_an_image_is_no_fault",
     "healthy",
     [](Story1& s) {
         Call& call = s.init(12, "tweet_image");
         call.parameters["media_type"] = "image/png";
         s.append(0, 12);
         s.finalize(201, "");
         Story1::x(s.status(404), 34, "Sorry, that page does not exist");
     }},
    {"row_74_status_straight_after_finalize_is_no_fault",
     "healthy",
     [](Story1& s) {
         s.sent();
         s.trace.calls.back().check_after = 5s;
         s.status(200, "in_progress").check_after = 1s;
         s.status(200, "succeeded");
     }},
    {"row_76_failed_and_asked_again",
     "codec_not_allowed",
     [](Story1& s) {
         s.sent();
         for (int i = 0; i < 3; ++i) {
             Call& call = s.status(200, "failed");
             call.processing_name = "InvalidMedia";
             call.processing_text = "Unsupported video format";
         }
     }},
    {"processing_under_way",
     "processing_under_way",
     [](Story1& s) {
         s.sent();
         s.status(200, "in_progress").check_after = 1s;
     }},
    {"upload_under_way",
     "upload_under_way",
     [](Story1& s) {
         s.init(24);
         s.append(0, 12);
     }},
};
INSTANTIATE_TEST_SUITE_P(Finish, Diagnosis, testing::ValuesIn(finish_rows), [](const auto& info) {
    return std::string(info.param.name);
});

const Row use_rows[] = {
    {"row_81_video_in_one_call",
     "needs_chunked",
     [](Story1& s) {
         Call& call = s.add("POST", "ONE_SHOT", 400);
         call.media =
             SeenMedia{.name = "media", .bytes = 90, .start = std::string("\0\0\0 ftypisom", 12)};
         call.text = "media type unrecognized.";
     },
     Confidence::certain},
    {"row_82_image_above_5_mb",
     "file_too_large",
     [](Story1& s) {
         Call& call = s.add("POST", "ONE_SHOT", 400);
         Story1::x(call, 324, "Image file size must be <= 5242880 bytes");
     }},
    {"row_84_not_waited_for",
     "media_not_ready",
     [](Story1& s) {
         s.sent();
         Story1::x(s.use(400), 324, "Not valid video");
     },
     Confidence::certain},
    {"row_85_result_not_looked_at",
     "media_failed",
     [](Story1& s) {
         s.sent();
         s.finalize(201, "failed");
         Story1::x(s.use(400), 324, "Not valid video");
     },
     Confidence::certain},
    {"row_87_a_text_for_a_list",
     "media_ids_invalid",
     [](Story1& s) { Story1::x(s.use(400), 324, "Tweet must not have more than 4 mediaIds"); }},
    {"row_90_form_instead_of_json",
     "json_expected",
     [](Story1& s) {
         Call& call = s.about("POST", "METADATA", 400);
         call.text = "Missing json payload.";
     }},
    {"row_94_multipart_parameters_signed",
     "oauth_signature",
     [](Story1& s) {
         Call& call = s.init(12);
         call.status = 401;
         call.content_type = "multipart/form-data; boundary=x";
         Story1::x(call, 32, "Could not authenticate you.");
     },
     Confidence::likely},
    {"row_97_clock",
     "oauth_timestamp",
     [](Story1& s) {
         Call& call = s.init(12);
         call.status = 401;
         call.oauth_timestamp = 1'790'000'000;
         call.answered_at = 1'790'003'600;
         Story1::x(call, 32, "Could not authenticate you.");
     },
     Confidence::certain},
    {"row_98_nonce_repeated",
     "oauth_nonce_reused",
     [](Story1& s) {
         s.init(12).nonce_digest = "abc";
         Call& call = s.append(0, 12, 401);
         call.nonce_digest = "abc";
         Story1::x(call, 32, "Could not authenticate you.");
     }},
    {"row_99_scope_missing",
     "scope_missing",
     [](Story1& s) {
         Call& call = s.init(12);
         call.path = "/2/media/upload/initialize";
         call.credentials = Credentials::bearer;
         call.status = 403;
         call.text = "Forbidden";
     }},
    {"row_100_oauth2_on_v1",
     "oauth1_needed",
     [](Story1& s) {
         Call& call = s.init(12);
         call.credentials = Credentials::bearer;
         call.status = 403;
     }},
    {"row_101_no_credentials",
     "auth_missing",
     [](Story1& s) {
         Call& call = s.init(12);
         call.credentials = Credentials::none;
         call.status = 400;
         Story1::x(call, 215, "Bad Authentication data.");
     }},
    {"row_101_token_revoked",
     "token_revoked",
     [](Story1& s) {
         Call& call = s.init(12);
         call.status = 401;
         Story1::x(call, 89, "Invalid or expired token.");
     }},
    {"row_102_rate",
     "rate_limited",
     [](Story1& s) {
         Call& call = s.init(12);
         call.status = 429;
         Story1::x(call, 88, "Rate limit exceeded");
     }},
    {"row_103_daily_limit",
     "quota_exceeded",
     [](Story1& s) {
         Call& call = s.init(12);
         call.status = 403;
         Story1::x(call, 191, "User is over daily photo limit");
     }},
};
INSTANTIATE_TEST_SUITE_P(Use, Diagnosis, testing::ValuesIn(use_rows), [](const auto& info) {
    return std::string(info.param.name);
});

struct Failure {
    const char* name;
    const char* reason;
    const char* text;
    const char* code;
};
class ProcessingFailures : public testing::TestWithParam<Failure> {};

TEST_P(ProcessingFailures, AreToldByTheirWords) {
    Story1 story;
    story.sent();
    Call& call = story.status(200, "failed");
    call.processing_name = GetParam().reason;
    call.processing_text = GetParam().text;
    EXPECT_EQ(diagnose(story.trace).front().code, GetParam().code);
}

const Failure failures[] = {
    {"row_110", "InvalidMedia", "Unsupported video format", "codec_not_allowed"},
    {"row_111",
     "UnsupportedMedia",
     "Duration 2.minutes+29.seconds exceeds max duration of 2.minutes+20.seconds",
     "duration_out_of_range"},
    {"row_112", "InvalidMedia", "The aspect ratio is 4:1", "dimensions_out_of_range"},
    {"row_113", "InvalidMedia", "The frame rate is 120 fps", "frame_rate_too_high"},
    {"row_114", "InvalidMedia", "The pixel format is yuv422p10le", "pixel_format_not_allowed"},
    {"row_115", "InvalidMedia", "The audio has 6 channels", "audio_not_allowed"},
    {"row_116", "InvalidMedia", "Video GOP is too large. Largest: 512", "gop_too_long"},
    {"row_117", "InvalidMedia", "file is invalid", "container_unreadable"},
    {"row_other", "InternalError", "", "media_failed"},
};
INSTANTIATE_TEST_SUITE_P(
    Row,
    ProcessingFailures,
    testing::ValuesIn(failures),
    [](const auto& info) { return std::string(info.param.name); }
);

TEST(DiagnosisOfAnOwnUpload, OfACompleteOpenOneIsThatFinalizeIsMissing) {
    Trace trace;
    trace.upload = UploadFacts{
        .origin = "http://127.0.0.1:8080",
        .media_id = id,
        .state = "open",
        .total_bytes = 12,
        .received_bytes = 12,
        .segments = 3,
    };
    const auto verdicts = diagnose(trace);
    EXPECT_EQ(verdicts.front().code, "finalize_missing");
    EXPECT_EQ(verdicts.front().confidence, Confidence::certain);
    ASSERT_TRUE(verdicts.front().next);
    EXPECT_EQ(
        verdicts.front().next->curl,
        "curl -X POST 'http://127.0.0.1:8080/1.1/media/upload.json?command=FINALIZE&media_id=" +
            id + "'"
    );
}

TEST(DiagnosisOfAnOwnUpload, ARefusedAppendIsNoCauseOnceAllBytesAreThere) {
    Story1 story;
    story.init(12);
    Call& refused = story.append(1000, 12, 400);
    refused.code = "segment_index_range";
    refused.text = "segment_index is \"1000\".";
    story.append(0, 12);
    story.trace.upload = UploadFacts{
        .origin = "http://127.0.0.1:8080",
        .media_id = id,
        .state = "open",
        .total_bytes = 12,
        .received_bytes = 12,
        .segments = 1,
    };
    EXPECT_EQ(diagnose(story.trace).front().code, "finalize_missing");
    story.trace.upload->received_bytes = 0;
    const auto verdicts = diagnose(story.trace);
    EXPECT_EQ(verdicts.front().code, "segment_index_range");
    EXPECT_NE(verdicts.front().facts.find("is \"1000\"."), std::string::npos);
}

TEST(DiagnosisOfAnOwnUpload, AnOpenStreamLacksBytesAndNoFinalize) {
    Trace trace;
    trace.upload = UploadFacts{
        .origin = "http://127.0.0.1:8080",
        .media_id = id,
        .stream_path = "/files/" + id,
        .is_tus = true,
        .state = "open",
        .total_bytes = 12,
        .received_bytes = 5,
        .segments = 1,
        .expires_at = "2026-01-01T00:00:00Z",
    };
    auto verdicts = diagnose(trace);
    EXPECT_EQ(verdicts.front().code, upload_under_way);
    EXPECT_TRUE(verdicts.front().facts.starts_with("5 of 12 bytes arrived."));
    EXPECT_EQ(verdicts.front().hint.find("FINALIZE"), std::string::npos);
    ASSERT_TRUE(verdicts.front().next);
    EXPECT_EQ(verdicts.front().next->method, "HEAD");
    EXPECT_EQ(
        verdicts.front().next->curl,
        "curl -I -H 'Tus-Resumable: 1.0.0' 'http://127.0.0.1:8080/files/" + id + "'"
    );

    Call status;
    status.command = "STATUS";
    status.status = 409;
    status.code = "upload_incomplete";
    status.media_id = id;
    trace.calls.push_back(status);
    trace.upload->length_known = false;
    verdicts = diagnose(trace);
    EXPECT_EQ(verdicts.front().code, "upload_incomplete");
    EXPECT_NE(verdicts.front().facts.find("an unknown number of bytes"), std::string::npos);
    EXPECT_NE(verdicts.front().facts.find("STATUS was asked 1 time."), std::string::npos);
    EXPECT_TRUE(verdicts.front().next);
}

TEST(DiagnosisOfAnOwnUpload, AStreamThatEndsByAWordIsAskedForIt) {
    Trace trace;
    trace.upload = UploadFacts{
        .origin = "http://127.0.0.1:8080",
        .media_id = id,
        .stream_path = "/resumable/" + id,
        .state = "open",
        .total_bytes = 12,
        .received_bytes = 12,
        .segments = 1,
        .expires_at = "2026-01-01T00:00:00Z",
    };
    const auto all_there = diagnose(trace).front();
    EXPECT_NE(all_there.facts.find("12 of 12 bytes arrived."), std::string::npos);
    EXPECT_NE(all_there.facts.find("Upload-Complete: ?1"), std::string::npos);
    EXPECT_NE(all_there.hint.find("Upload-Offset: 12, Upload-Complete: ?1"), std::string::npos);
    ASSERT_TRUE(all_there.next);
    EXPECT_EQ(
        all_there.next->curl,
        "curl -X PATCH -H 'Content-Type: application/partial-upload' -H 'Upload-Complete: ?1' -H "
        "'Upload-Offset: 12' 'http://127.0.0.1:8080/resumable/" +
            id + "'"
    );
    trace.upload->received_bytes = 5;
    EXPECT_EQ(diagnose(trace).front().next->method, "HEAD");
}

TEST(DiagnosisOfAnOwnUpload, APartThatIsCompleteWaitsToBeJoined) {
    Trace trace;
    trace.upload = UploadFacts{
        .origin = "http://127.0.0.1:8080",
        .media_id = id,
        .stream_path = "/files/" + id,
        .is_tus = true,
        .is_part = true,
        .state = "open",
        .total_bytes = 12,
        .received_bytes = 12,
        .segments = 1,
    };
    const auto complete = diagnose(trace).front();
    EXPECT_TRUE(complete.facts.starts_with("12 of 12 bytes arrived. It is a part, complete,"));
    EXPECT_TRUE(complete.hint.starts_with("Join it")) << complete.hint;
    ASSERT_TRUE(complete.next);
    EXPECT_EQ(
        complete.next->curl,
        "curl -X POST -H 'Tus-Resumable: 1.0.0' -H 'Upload-Concat: final;/files/" + id +
            "' 'http://127.0.0.1:8080/files/'"
    );
    trace.upload->received_bytes = 5;
    EXPECT_NE(diagnose(trace).front().hint.find("send the rest"), std::string::npos);
    EXPECT_EQ(diagnose(trace).front().next->method, "HEAD");
}

TEST(Diagnosis, GoodEndsAreHealthyAndPollingTooEarlyIsAWordBesideThem) {
    Story1 story;
    story.sent();
    story.status(200, "in_progress").check_after = 5s;
    story.status(200, "in_progress").check_after = 5s;
    story.status(200, "succeeded");
    const auto verdicts = diagnose(story.trace);
    EXPECT_EQ(verdicts.front().code, "healthy");
    ASSERT_EQ(verdicts.size(), 2u);
    EXPECT_EQ(verdicts[1].code, "polling_too_fast");
}

TEST(Diagnosis, QuestionsAreMeasuredByTheAdviceThatTheyHadAndNotByALaterOne) {
    Story1 story;
    story.sent();
    story.status(200, "in_progress").check_after = 20s;
    Call& run = story.status(200, "in_progress");
    run.count = 3;
    run.asked_after = 2010ms;
    run.advised_before = 2s;
    run.check_after = 2s;
    story.status(200, "succeeded").asked_after = 2020ms;
    EXPECT_EQ(diagnose(story.trace).size(), 1u);

    story.trace.calls[story.trace.calls.size() - 2].asked_after = 500ms;
    const auto verdicts = diagnose(story.trace);
    ASSERT_EQ(verdicts.size(), 2u);
    EXPECT_TRUE(verdicts[1].facts.starts_with(
        "STATUS came 3 times too early, 0.5 s after the answer before; check_after_secs was 2."
    )) << verdicts[1].facts;
}

TEST(Diagnosis, OfNothingIsHealthy) {
    EXPECT_EQ(diagnose({}).front().code, "healthy");
}

}  // namespace
}  // namespace sluice::diagnosis
