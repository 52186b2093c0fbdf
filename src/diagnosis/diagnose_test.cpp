#include "base/error_catalogue.hpp"
#include "diagnosis/diagnose_testing.hpp"

namespace sluice::diagnosis {

TEST_P(Diagnosis, NamesTheCauseFirst) {
    Story1 story;
    GetParam().tell(story);
    const auto verdicts = diagnose(story.trace);
    ASSERT_FALSE(verdicts.empty());
    const Verdict& first = verdicts.front();
    std::string all;
    for (const Verdict& verdict : verdicts) {
        all += verdict.code + " (" + std::string(name_of(verdict.confidence)) +
               "): " + verdict.facts + "\n";
    }
    EXPECT_EQ(first.code, GetParam().code) << all;
    EXPECT_LE(first.confidence, GetParam().at_most) << all;
    EXPECT_FALSE(first.facts.empty());
    EXPECT_FALSE(first.title.empty());
    EXPECT_FALSE(first.hint.empty());
    if (first.is_problem()) {
        EXPECT_NE(find_error(first.code), nullptr) << "not of the catalogue: " << first.code;
    }
}

namespace {

const Row thread_rows[] = {
    {"thread_finalize_forgotten",
     "finalize_missing",
     [](Story1& s) {
         s.init(12);
         s.append(0, 12);
         for (int i = 0; i < 3; ++i) {
             Story1::x(s.status(503), 130, "Over capacity");
         }
     },
     Confidence::certain},
    {"thread_media_category_missing",
     "category_missing",
     [](Story1& s) {
         s.init(12, "");
         s.append(0, 12);
         s.finalize(201, "");
         Story1::x(s.status(503), 130, "Over capacity");
     },
     Confidence::likely},
    {"thread_polling_faster_than_check_after_secs",
     "polling_too_fast",
     [](Story1& s) {
         s.sent();
         s.status(200, "in_progress").check_after = 5s;
         s.status(200, "in_progress").check_after = 5s;
         Story1::x(s.status(503), 130, "Over capacity");
     },
     Confidence::likely},
    {"thread_rate_limit",
     "rate_limited",
     [](Story1& s) {
         s.sent();
         Call& call = s.status(503);
         Story1::x(call, 130, "Over capacity");
         call.rate_remaining = 0;
     },
     Confidence::likely},
};
INSTANTIATE_TEST_SUITE_P(Thread, Diagnosis, testing::ValuesIn(thread_rows), [](const auto& info) {
    return std::string(info.param.name);
});

const Row request_rows[] = {
    {"row_1_command_forgotten",
     "command_missing",
     [](Story1& s) {
         Call& call = s.about("POST", "", 403);
         Story1::x(call, 38, "media parameter is missing.");
     }},
    {"row_2_command_in_lower_case",
     "command_case",
     [](Story1& s) {
         Call& call = s.init(12);
         call.status = 400;
         call.parameters["command"] = "init";
     }},
    {"row_3_no_such_command",
     "command_unknown",
     [](Story1& s) { s.add("POST", "", 400).parameters["command"] = "FINALISED"; }},
    {"row_4_status_by_post",
     "status_needs_get",
     [](Story1& s) {
         s.sent();
         Call& call = s.about("POST", "STATUS", 403);
         Story1::x(call, 38, "media_id or media_key parameter is missing.");
     }},
    {"row_5_init_by_get",
     "command_needs_post",
     [](Story1& s) { s.init(12).method = "GET", s.trace.calls[0].status = 404; }},
    {"row_6_path_without_json",
     "unknown_path",
     [](Story1& s) {
         Call& call = s.init(12);
         call.path = "/1.1/media/upload";
         call.status = 404;
         Story1::x(call, 34, "Sorry, that page does not exist");
     }},
    {"row_10_media_in_the_address", "media_in_url", [](Story1& s) { s.init(12).status = 431; }},
    {"row_13_part_named_file",
     "media_part_missing",
     [](Story1& s) {
         Call& call = s.append(0, 12, 400);
         call.media->name = "file";
         Story1::x(call, 38, "media parameter is missing.");
     }},
    {"row_15_total_bytes_missing",
     "total_bytes_missing",
     [](Story1& s) {
         Call& call = s.init(12);
         call.parameters.erase("total_bytes");
         call.status = 400;
     }},
    {"row_16_total_bytes_is_undefined",
     "total_bytes_invalid",
     [](Story1& s) {
         Call& call = s.init(12);
         call.parameters["total_bytes"] = "undefined";
         call.status = 400;
     }},
    {"row_17_length_of_the_base64_text_announced",
     "size_mismatch",
     [](Story1& s) {
         s.init(16000);
         s.append(0, 12000);
         Story1::x(s.finalize(400, ""), 0, "Segments do not add up to provided total file size.");
     },
     Confidence::certain},
    {"row_18_larger_than_allowed",
     "file_too_large",
     [](Story1& s) {
         Call& call = s.init(1);
         call.status = 400;
         call.text = R"({ "message": "maxFileSizeExceeded", "maxFileSizeBytes": 536870912 })";
     }},
    {"row_22_large_video_without_category",
     "category_missing",
     [](Story1& s) {
         s.init(20'000'000, "");
         s.append(0, 20'000'000);
         s.finalize(400, "").text = "Large file can not be finalized synchronously";
     },
     Confidence::certain},
    {"row_23_gif_without_category",
     "category_missing",
     [](Story1& s) {
         s.init(6'000'000, "").parameters["media_type"] = "image/gif";
         s.append(0, 6'000'000);
         s.finalize(400, "").text = "File size exceeds 5242880 bytes.";
     },
     Confidence::certain},
    {"row_24_category_misspelt",
     "category_unknown",
     [](Story1& s) {
         Call& call = s.init(12, "tweet-video");
         call.status = 400;
         Story1::x(call, 324, "Unsupported raw media category");
     },
     Confidence::certain},
    {"row_28_init_for_each_chunk",
     "size_mismatch",
     [](Story1& s) {
         for (int i = 0; i < 4; ++i) {
             const std::string other = "134980391552148275" + std::to_string(i);
             s.init(40).media_id = other;
             Call& append = s.append(0, 10);
             append.media_id = append.parameters["media_id"] = other;
         }
     },
     Confidence::certain},
};
INSTANTIATE_TEST_SUITE_P(Request, Diagnosis, testing::ValuesIn(request_rows), [](const auto& info) {
    return std::string(info.param.name);
});

const Row segment_rows[] = {
    {"row_31_media_id_undefined",
     "media_id_invalid",
     [](Story1& s) {
         Call& init = s.init(12);
         init.status = 400;
         init.media_id.clear();
         init.text = "media type unrecognized.";
         Call& call = s.append(0, 12, 400);
         call.media_id = call.parameters["media_id"] = "undefined";
     },
     Confidence::certain},
    {"row_31_media_id_empty",
     "media_id_missing",
     [](Story1& s) {
         Call& call = s.append(0, 12, 400);
         call.media_id = call.parameters["media_id"] = "";
         call.text = "Invalid media_id: Some().";
     }},
    {"row_32_media_id_rounded",
     "media_id_rounded",
     [](Story1& s) {
         s.init(12);
         Call& call = s.append(0, 12, 404);
         call.media_id = call.parameters["media_id"] = "1349803915521482800";
     },
     Confidence::certain},
    {"row_33_media_key_as_id",
     "media_key_as_id",
     [](Story1& s) {
         s.init(12);
         s.append(0, 12, 400).parameters["media_id"] = "7_" + id;
     },
     Confidence::certain},
    {"row_34_an_id_that_nobody_made",
     "media_unknown",
     [](Story1& s) { Story1::x(s.use(400), 324, "Invalid media id " + id); }},
    {"row_36_expired",
     "media_expired",
     [](Story1& s) {
         s.sent();
         s.status(200, "succeeded");
         Call& call = s.use(400);
         Story1::x(call, 324, "Invalid media id");
         call.at = start + 90000s;
     },
     Confidence::certain},
    {"row_37_segment_index_missing",
     "segment_index_missing",
     [](Story1& s) {
         s.init(12);
         Call& call = s.append(0, 12, 400);
         call.segment.reset();
         call.parameters.erase("segment_index");
         Story1::x(call, 38, "segment_index parameter is missing.");
     }},
    {"row_38_segment_index_is_no_number",
     "segment_index_invalid",
     [](Story1& s) {
         s.init(12);
         s.append(0, 12, 400).parameters["segment_index"] = "one";
     }},
    {"row_39_index_beyond_999",
     "segment_index_range",
     [](Story1& s) {
         s.init(12);
         s.append(1000, 12, 400).text = "SegmentIndex must be between 0 and 999.";
     }},
    {"row_40_counting_from_1",
     "segment_missing",
     [](Story1& s) {
         s.init(24);
         s.append(1, 12);
         s.append(2, 12);
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
     },
     Confidence::certain},
    {"row_43_segment_too_large",
     "segment_too_large",
     [](Story1& s) {
         s.init(24);
         s.append(0, 6'000'000, 413);
     },
     Confidence::certain},
    {"row_44_base64_in_media",
     "base64_as_bytes",
     [](Story1& s) {
         s.init(120);
         s.append(0, 160).media->start = std::string(80, 'A');
         s.finalize(400, "").text = "media type unrecognized.";
     },
     Confidence::certain},
    {"row_45_data_url_prefix",
     "base64_invalid",
     [](Story1& s) {
         Call& call = s.add("POST", "ONE_SHOT", 400);
         call.media = SeenMedia{.name = "media_data", .start = "data:image/png;base64,iVBOR"};
         call.text = "media type unrecognized.";
     },
     Confidence::certain},
    {"row_46_a_path_instead_of_the_file",
     "path_as_media",
     [](Story1& s) {
         s.init(1000);
         Call& call = s.append(0, 10);
         call.media->start = "./clip.mp4";
         s.finalize(400, "").text = "Segments do not add up to provided total file size.";
     },
     Confidence::certain},
    {"row_47_buffer_as_json",
     "buffer_as_json",
     [](Story1& s) {
         s.init(1000);
         s.append(0, 1000).media->start = R"({"type":"Buffer","data":[137)";
         s.finalize(400, "").text = "media type unrecognized.";
     }},
    {"row_49_an_error_page_instead_of_the_file",
     "not_media",
     [](Story1& s) {
         s.init(1000);
         s.append(0, 1000).media->start = "<!DOCTYPE html><title>404";
         s.finalize(400, "").text = "media type unrecognized.";
     }},
};
INSTANTIATE_TEST_SUITE_P(Segment, Diagnosis, testing::ValuesIn(segment_rows), [](const auto& info) {
    return std::string(info.param.name);
});

}  // namespace
}  // namespace sluice::diagnosis
