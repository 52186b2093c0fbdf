#include "protocol/native/diagnosis_trace.hpp"

#include <string>

#include "base/error_catalogue.hpp"
#include "media/failure_rows.hpp"

namespace sluice::protocol::native {
namespace {

diagnosis::Call call_of(const TimelineEvent& event, const std::string& media_id) {
    diagnosis::Call call;
    call.at = event.at;
    call.last_at = event.last_at;
    call.count = event.count;
    call.command = event.call;
    call.media_id = media_id;
    call.segment = event.segment;
    if (event.bytes) {
        call.media = diagnosis::SeenMedia{.name = "media", .bytes = event.bytes->value};
    }
    call.status = event.status;
    call.code = event.code;
    call.text = event.facts;
    call.check_after = event.advised;
    call.asked_after = event.asked_after;
    call.advised_before = event.advised_before;
    return call;
}

diagnosis::UploadFacts facts_of(const UploadDetails& details, const http::Request& request) {
    const Upload& upload = details.status.upload;
    diagnosis::UploadFacts facts;
    facts.origin = request.base_url;
    facts.has_credentials = request.header("Authorization").has_value();
    facts.media_id = upload.id.text();
    if (upload.stream.kind != UploadKind::segments) {
        facts.is_tus = upload.protocol != "rufh";
        facts.stream_path = (facts.is_tus ? "/files/" : "/resumable/") + upload.id.text();
        facts.joins_parts = upload.stream.kind == UploadKind::joined;
        facts.is_part = upload.stream.kind == UploadKind::part;
        facts.length_known = upload.stream.length_known;
    }
    facts.state = name_of(upload.state);
    facts.total_bytes = upload.total.value;
    facts.received_bytes = upload.received.value;
    facts.segments = upload.segments_received;
    for (const SegmentIndex index : details.gaps.missing) {
        facts.missing.push_back(index.value);
    }
    if (upload.failure) {
        facts.failure_code = entry_of(code_of(*upload.failure, upload.category)).slug;
        facts.failure_reason = upload.failure->reason;
        facts.failure_hint = remedy_of(*upload.failure, upload.category);
        facts.failure_message = upload.failure->message;
    }
    if (details.status.check_after) {
        facts.check_after = details.status.check_after->count();
    }
    facts.percent = upload.progress.percent;
    facts.expires_at = rfc3339(upload.expires_at);
    return facts;
}

}  // namespace

diagnosis::Trace trace_of(
    const UploadDetails& details,
    std::span<const TimelineEvent> events,
    const http::Request& request
) {
    diagnosis::Trace trace;
    trace.upload = facts_of(details, request);
    for (const TimelineEvent& event : events) {
        trace.calls.push_back(call_of(event, trace.upload->media_id));
    }
    return trace;
}

}  // namespace sluice::protocol::native
