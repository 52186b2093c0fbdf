// What a MetadataStore gives of uploads beside the uploads themselves. Values.
#pragma once

#include <vector>

#include "core/segment.hpp"
#include "core/upload.hpp"

namespace sluice {

// An upload with what hangs on it.
struct UploadWithSegments {
    Upload upload;
    SegmentMap segments;
};

struct UploadPage {
    std::vector<Upload> uploads;  // newest first
    bool has_more = false;
};

}  // namespace sluice
