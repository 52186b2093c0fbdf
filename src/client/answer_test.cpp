#include "client/answer.hpp"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

TEST(Answer, ReadsTheErrorShapeOfV1) {
    const auto failure = failure_from(
        {.status = 409,
         .body = R"({"errors":[{"code":130,"message":"m"}],"sluice":{"code":"finalize_missing",
           "detail":"3 of 3 segments","hint":"Send FINALIZE.","next":null,"doc_url":"u","request_id":"r"}})"
        }
    );
    EXPECT_EQ(failure.code, "finalize_missing");
    EXPECT_EQ(failure.message, "3 of 3 segments");
    EXPECT_EQ(failure.hint, "Send FINALIZE.");
    EXPECT_EQ(failure.next, "");
    EXPECT_EQ(failure.request_id, "r");
}

TEST(Answer, ReadsAFaithfulErrorByItsMessageAndHeader) {
    const auto failure = failure_from(
        {.status = 503,
         .body = R"({"errors":[{"code":130,"message":"Over capacity"}]})",
         .error_code = "finalize_missing"}
    );
    EXPECT_EQ(failure.code, "finalize_missing");
    EXPECT_EQ(failure.message, "Over capacity");
}

TEST(Answer, ReadsAPageThatIsNoJson) {
    const auto failure = failure_from({.status = 502, .body = "<html>bad gateway"});
    EXPECT_EQ(failure.code, "http_502");
    EXPECT_EQ(failure.kind, FailureKind::temporary);
}

struct KindCase {
    int status;
    const char* code;
    FailureKind kind;
};

TEST(Answer, KnowsWhoseFaultItIs) {
    for (const auto& row :
         {KindCase{401, "x", FailureKind::auth},
          KindCase{403, "x", FailureKind::auth},
          KindCase{404, "media_unknown", FailureKind::not_found},
          KindCase{410, "media_expired", FailureKind::not_found},
          KindCase{413, "file_too_large", FailureKind::refused},
          KindCase{400, "media_type_unsupported", FailureKind::refused},
          KindCase{409, "segment_conflict", FailureKind::integrity},
          KindCase{400, "size_mismatch", FailureKind::integrity},
          KindCase{503, "overloaded", FailureKind::temporary},
          KindCase{400, "parameter_invalid", FailureKind::other}}) {
        const auto failure = failure_from({.status = row.status, .error_code = row.code});
        EXPECT_EQ(failure.kind, row.kind) << row.status << " " << row.code;
    }
}

TEST(Answer, ReadsMediaOfBothVersionsAndPrefersTheTextOfAnId) {
    const auto v1 =
        parse_media(R"({"media_id":7,"media_id_string":"1349016284170674181","size":5})");
    ASSERT_TRUE(v1);
    EXPECT_EQ(v1->media_id, "1349016284170674181");
    EXPECT_FALSE(v1->processing);
    const auto v2 = parse_media(
        R"({"data":{"id":"9","processing_info":{"state":"pending","check_after_secs":2}}})"
    );
    ASSERT_TRUE(v2);
    EXPECT_EQ(v2->processing->check_after, std::chrono::seconds(2));
}

TEST(Answer, TakesMembersOfAnotherTypeForAbsent) {
    for (const auto* body :
         {"", "[]", "{}", "{\"data\":7}", "{\"media_id\":\"../x\"}", "{\"data\":{\"id\":[]}}"}) {
        EXPECT_FALSE(parse_media(body)) << body;
    }
    const auto upload = parse_upload(
        R"({"media_id":"1","outputs":[3,{"name":4}],"segments":{"missing":["a",-1,2,5000]},"processing":[]})"
    );
    ASSERT_TRUE(upload);
    EXPECT_EQ(upload->outputs.size(), 1U);
    EXPECT_EQ(upload->missing, std::vector<std::uint32_t>{2});
}

}  // namespace
}  // namespace sluice::client
