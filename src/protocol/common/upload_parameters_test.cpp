#include "protocol/common/upload_parameters.hpp"

#include <gtest/gtest.h>

#include "protocol/common/command.hpp"

namespace sluice::protocol {
namespace {

Parameters with(std::string_view name, std::string value) {
    Parameters parameters;
    EXPECT_TRUE(parameters.add(name, std::move(value), Parameters::Place::query));
    return parameters;
}

struct Row {
    const char* value;
    ErrorCode expected;
};

TEST(TotalBytes, MustBeAWholeNumberOfBytes) {
    EXPECT_EQ(total_bytes_of(with("total_bytes", " 123 "))->value, 123U);
    EXPECT_EQ(total_bytes_of({}).error().code, ErrorCode::total_bytes_missing);
    for (const auto* bad : {"0", "-1", "12MB", "NaN", "undefined", "1.5", "99999999999999999999"}) {
        const auto refused = total_bytes_of(with("total_bytes", bad));
        ASSERT_FALSE(refused) << bad;
        EXPECT_EQ(refused.error().code, ErrorCode::total_bytes_invalid) << bad;
        EXPECT_NE(refused.error().facts.find(bad), std::string::npos) << bad;
    }
}

TEST(MediaIdParameter, NamesWhatIsWrong) {
    for (const Row& row : {
             Row{"", ErrorCode::media_id_missing},
             Row{"undefined", ErrorCode::media_id_invalid},
             Row{"[object Object]", ErrorCode::media_id_invalid},
             Row{"7_123", ErrorCode::media_key_as_id},
         }) {
        EXPECT_EQ(media_id_of(row.value, false).error().code, row.expected) << row.value;
    }
    EXPECT_EQ(media_id_of("7_123", true)->value, 123U);
    EXPECT_EQ(media_id_of(" 123", false)->value, 123U);
}

TEST(SegmentIndexParameter, IsWithinXsRange) {
    EXPECT_EQ(segment_index_of(with("segment_index", "999"))->value, 999);
    EXPECT_EQ(segment_index_of(with("segment_index", " 01 "))->value, 1);
    EXPECT_EQ(segment_index_of(with("segment_index", "1.0"))->value, 1);
    EXPECT_EQ(segment_index_of({}).error().code, ErrorCode::segment_index_missing);
    for (const Row& row : {
             Row{"1000", ErrorCode::segment_index_range},
             Row{"-1", ErrorCode::segment_index_invalid},
             Row{"abc", ErrorCode::segment_index_invalid},
             Row{"1.5", ErrorCode::segment_index_invalid},
             Row{"1.", ErrorCode::segment_index_invalid},
         }) {
        EXPECT_EQ(segment_index_of(with("segment_index", row.value)).error().code, row.expected)
            << row.value;
    }
}

TEST(PlainStatus, IsKnownInTheWordsOfMostClients) {
    const MediaId id{1'349'803'915'521'482'754};
    for (const auto* query :
         {"command=STATUS&media_id=1349803915521482754",
          "media_id=1349803915521482754&command=STATUS"}) {
        EXPECT_EQ(id_of_plain_status(query, false), id) << query;
        EXPECT_EQ(id_of_plain_status(query, true), id) << query;
    }
    EXPECT_EQ(id_of_plain_status("media_id=1349803915521482754", true), id);
}

TEST(PlainStatus, IsNothingElse) {
    for (const auto* query :
         {"",
          "command=STATUS",
          "command=STATUS&",
          "&command=STATUS",
          "command=STATUSmedia_id=7",
          "command=STATUS&media_id=7&x=1",
          "command=STATUS&media_id=7&command=STATUS",
          "command=FINALIZE&media_id=7",
          "command=status&media_id=7",
          "command=STATUS&media_id=%37",
          "command=STATUS&media_id=+7",
          "command=STATUS&media_id=3_7",
          "command=STATUS&media_id="}) {
        EXPECT_EQ(id_of_plain_status(query, false), std::nullopt) << query;
        EXPECT_EQ(id_of_plain_status(query, true), std::nullopt) << query;
    }
    EXPECT_EQ(id_of_plain_status("media_id=7", false), std::nullopt);
}

}  // namespace
}  // namespace sluice::protocol
