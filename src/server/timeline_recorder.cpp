#include "server/timeline_recorder.hpp"

#include <utility>

namespace sluice::server {

void add_notices(http::Response& response, const protocol::Exchange& exchange) {
    for (const std::string& notice : exchange.notices) {
        response.set("Sluice-Notice", notice);
    }
    if (exchange.is_replayed && response.status < 400) {
        response.set("Idempotency-Replayed", "true");
    }
}

void record(
    Timeline& timeline,
    const protocol::Exchange& exchange,
    http::Response& response,
    WallTime now,
    std::chrono::milliseconds took
) {
    if (!exchange.caller || !exchange.media_id) {
        return;
    }
    TimelineEvent event;
    event.at = event.last_at = now;
    event.call = exchange.call.empty() ? exchange.request.method : exchange.call;
    event.status = response.status;
    event.code = response.error_code;
    event.facts = std::move(response.error_facts);
    for (const std::string& notice : exchange.notices) {
        event.facts += (event.facts.empty() ? "" : " ") + notice;
    }
    event.facts += event.is_refusal() ? "" : exchange.remark;
    event.segment = exchange.segment_index;
    event.bytes = exchange.media_bytes;
    event.duration = took;
    event.request_id = exchange.request.request_id;
    event.advised = exchange.advised;
    event.asked_after = exchange.asked_after;
    event.advised_before = exchange.advised_before;
    const Principal& caller = exchange.caller->principal;
    for (const MediaId id : exchange.named_beside) {
        TimelineEvent beside = event;
        if (event.is_refusal()) {
            beside.facts = "Together with " + exchange.media_id->text() + ": " + event.facts;
        }
        timeline.note(caller, id, std::move(beside));
    }
    // The store would not write what is about no upload of the caller's; most of these are seen
    // here.
    if (response.error_code != "media_unknown") {
        timeline.note(caller, *exchange.media_id, std::move(event));
    }
}

}  // namespace sluice::server
