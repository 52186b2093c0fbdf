// What an upload lacks, as sentences for its owner: which indexes, where, and what the numbers make
// likely (counted from 1, base64 length announced, last segment cut). Pure.
#pragma once

#include <optional>
#include <string>

#include "core/segment.hpp"

namespace sluice {

// The length that all segments but the last have; nothing if they differ or there is only one.
std::optional<ByteCount> usual_length(const SegmentMap& segments);

// "3, 7, 9-12": runs are joined, the end is cut after twenty entries.
std::string index_list(const std::vector<SegmentIndex>& indexes);

// Precondition of both: segments is not empty.
// There are gaps below the highest index.
std::string gaps_text(const SegmentMap& segments, const SegmentGaps& gaps, ByteCount total);
// There are none, and yet the bytes are not those that were announced.
std::string too_few_text(const SegmentMap& segments, ByteCount received, ByteCount total);

// " 2 segments are empty."; nothing if none is.
std::string empty_text(const SegmentMap& segments);

// The announced size is that of the base64 text of what came.
bool is_base64_length(ByteCount announced, ByteCount received);

}  // namespace sluice
