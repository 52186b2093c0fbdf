// An upload and its timeline as the diagnosis engine takes them.
#pragma once

#include <span>

#include "core/timeline.hpp"
#include "diagnosis/trace.hpp"
#include "http/request.hpp"
#include "service/upload_commands.hpp"

namespace sluice::protocol::native {

diagnosis::Trace trace_of(
    const UploadDetails& details,
    std::span<const TimelineEvent> events,
    const http::Request& request
);

}  // namespace sluice::protocol::native
