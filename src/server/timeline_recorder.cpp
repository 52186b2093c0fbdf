#include "server/timeline_recorder.hpp"

#include <utility>

namespace sluice::server {

void add_notices(http::Response& response, const protocol::Exchange& exchange) {
    if (exchange.notice) {
        response.set("Sluice-Notice", *exchange.notice);
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
    AnsweredCall call{
        .at = now,
        .call = exchange.call.empty() ? exchange.request.method : exchange.call,
        .status = response.status,
        .code = response.error_code,
        .facts = std::move(response.error_facts),
        .segment = exchange.segment_index,
        .bytes = exchange.media_bytes,
        .duration = took,
        .request_id = exchange.request.request_id,
        .advised = exchange.advised,
        .asked_after = exchange.asked_after,
        .advised_before = exchange.advised_before,
    };
    if (exchange.notice) {
        call.facts += (call.facts.empty() ? "" : " ") + *exchange.notice;
    }
    if (exchange.remark && !call.is_refusal()) {
        call.facts += *exchange.remark;
    }
    const Principal& caller = exchange.caller->principal;
    static const std::vector<MediaId> none;
    for (const MediaId id : exchange.named_beside ? *exchange.named_beside : none) {
        AnsweredCall beside = call;
        if (call.is_refusal()) {
            beside.facts = "Together with " + exchange.media_id->text() + ": " + call.facts;
        }
        timeline.note(caller, id, std::move(beside));
    }
    // The store would not write what is about no upload of the caller's; most of these are seen
    // here.
    if (response.error_code != "media_unknown") {
        timeline.note(caller, *exchange.media_id, std::move(call));
    }
}

}  // namespace sluice::server
