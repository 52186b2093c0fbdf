#include "diagnosis/own_upload.hpp"

#include <algorithm>

namespace sluice::diagnosis {
namespace {

std::size_t last_of(const Trace& trace) {
    return trace.calls.empty() ? 0 : trace.calls.size() - 1;
}

std::string sums(const UploadFacts& upload) {
    std::string text = std::to_string(upload.segments) +
                       (upload.segments == 1 ? " segment" : " segments") + " with " +
                       std::to_string(upload.received_bytes) + " of " +
                       std::to_string(upload.total_bytes) + " bytes arrived.";
    text += upload.missing.empty() ? "" : " Missing: segment " + listed(upload.missing) + ".";
    return text;
}

std::uint32_t asked(const Trace& trace) {
    std::uint32_t count = 0;
    for (const Call& call : trace.calls) {
        count += call.command == "STATUS" ? call.count : 0;
    }
    return count;
}

Verdict state_verdict(
    std::string_view code, const Trace& trace, std::string facts, std::string hint
) {
    auto made = verdict(code, Confidence::certain, Stage::server, last_of(trace), std::move(facts));
    made.hint = hint.empty() ? made.hint : std::move(hint);
    return made;
}

std::string times(std::uint32_t count) {
    return std::to_string(count) + (count == 1 ? " time." : " times.");
}

// A refusal that no later success mended. STATUS before FINALIZE is the state's to tell, and where
// all bytes have arrived a refused APPEND is nobody's concern any more.
void add_refusals(const Evidence& evidence, Verdicts& found) {
    const auto& calls = evidence.trace.calls;
    const UploadFacts& upload = *evidence.trace.upload;
    const bool is_complete = upload.received_bytes == upload.total_bytes;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        const Call& call = calls[at];
        const bool is_told = call.command == "STATUS" &&
                             (call.code == "finalize_missing" || call.code == "upload_incomplete");
        const bool is_moot = is_complete && call.command == "APPEND";
        if (call.is_refusal() && !call.code.empty() && !is_told && !is_moot &&
            !was_mended(evidence, at)) {
            const bool is_consequence =
                call.command == "FINALIZE" && !found.empty() && found.front().call < at;
            found.push_back(verdict(
                call.code,
                is_consequence ? Confidence::likely : Confidence::certain,
                Stage::state,
                at,
                told(call, at)
            ));
        }
    }
}

std::string_view end_of_stream(const UploadFacts& upload) {
    if (upload.joins_parts) {
        return " bytes arrived. It joins parts, and is finished with the last of them.";
    }
    return upload.is_tus
               ? " bytes arrived. It comes as one stream and is finished by its last byte."
               : " bytes arrived. It comes as one stream and is finished by a request "
                 "that says Upload-Complete: ?1.";
}

std::string hint_of_stream(const UploadFacts& upload) {
    if (upload.joins_parts) {
        return "Complete the parts that it names.";
    }
    return waits_for_its_end(upload)
               ? "Say that it is complete: PATCH with Upload-Offset: " +
                     std::to_string(upload.received_bytes) + ", Upload-Complete: ?1 and no body."
               : "Ask for the offset with HEAD, and send the rest from there with PATCH.";
}

// Its end is its last byte, or a word in its protocol: no FINALIZE is missing.
void judge_open_stream(const Evidence& evidence, Verdicts& found) {
    const UploadFacts& upload = *evidence.trace.upload;
    add_refusals(evidence, found);
    const std::uint32_t questions = asked(evidence.trace);
    if (questions == 0 && !found.empty()) {
        return;
    }
    std::string facts = std::to_string(upload.received_bytes) + " of ";
    facts += upload.length_known ? std::to_string(upload.total_bytes) : "an unknown number of";
    facts += end_of_stream(upload);
    facts += questions == 0 ? " It expires at " + upload.expires_at + "."
                            : " STATUS was asked " + times(questions);
    auto made = state_verdict(
        questions == 0 ? upload_under_way : std::string_view("upload_incomplete"),
        evidence.trace,
        std::move(facts),
        hint_of_stream(upload)
    );
    made.confidence = found.empty() ? Confidence::certain : Confidence::likely;
    found.push_back(std::move(made));
}

void judge_open(const Evidence& evidence, Verdicts& found) {
    const Trace& trace = evidence.trace;
    const UploadFacts& upload = *trace.upload;
    add_refusals(evidence, found);
    const bool is_complete = upload.received_bytes == upload.total_bytes;
    const std::uint32_t questions = asked(trace);
    if (is_complete || questions > 0) {
        std::string facts =
            sums(upload) + " FINALIZE was " + (found.empty() ? "never sent." : "not accepted.");
        facts += questions == 0 ? "" : " STATUS was asked " + times(questions);
        auto made = state_verdict("finalize_missing", trace, std::move(facts), "");
        made.confidence = found.empty() ? Confidence::certain : Confidence::likely;
        found.push_back(std::move(made));
    } else if (found.empty()) {
        found.push_back(state_verdict(
            upload_under_way,
            trace,
            sums(upload) + " It expires at " + upload.expires_at + ".",
            "Send the rest of the segments, then FINALIZE."
        ));
    }
}

// Ready: what came before it was mended; what is refused afterwards is about its use.
void judge_ready(const Evidence& evidence, Verdicts& found) {
    for (const Story& story : evidence.stories) {
        for (const Step& step : story.uses) {
            const Call& call = *step.call;
            if (call.is_refusal() && !call.code.empty() && !was_mended(evidence, step.at)) {
                found.push_back(verdict(
                    call.code, Confidence::certain, Stage::state, step.at, told(call, step.at)
                ));
            }
        }
    }
    if (found.empty()) {
        const UploadFacts& upload = *evidence.trace.upload;
        found.push_back(state_verdict(
            healthy,
            evidence.trace,
            "The upload is ready: " + std::to_string(upload.total_bytes) + " bytes, processed.",
            "Use it."
        ));
    }
}

void judge_under_way(const Trace& trace, Verdicts& found) {
    const UploadFacts& upload = *trace.upload;
    std::string facts = "It is " + upload.state + ", " + std::to_string(upload.percent) + " % done";
    facts +=
        upload.check_after ? "; ask again in " + std::to_string(*upload.check_after) + " s." : ".";
    found.push_back(state_verdict(
        processing_under_way,
        trace,
        std::move(facts),
        "Ask STATUS when check_after_secs has passed."
    ));
}

void judge_failed(const Trace& trace, Verdicts& found) {
    const UploadFacts& upload = *trace.upload;
    std::string facts = "Processing failed with " + upload.failure_reason;
    facts += upload.failure_message.empty() ? "." : ": " + upload.failure_message;
    facts += facts.ends_with('.') ? "" : ".";
    auto made = state_verdict(upload.failure_code, trace, std::move(facts), upload.failure_hint);
    made.stage = Stage::content;
    found.push_back(std::move(made));
}

// Somebody deleted it; or its own protocol ended it, since of its bytes nobody knows which are right.
void judge_cancelled(const Trace& trace, Verdicts& found) {
    const auto ends_it = [](const Call& call) {
        return call.code == "beyond_total_bytes" || call.code == "digest_mismatch";
    };
    const auto is_deletion = [](const Call& call) {
        return call.command == "DELETE" && !call.is_refusal();
    };
    const auto& calls = trace.calls;
    const auto mistake = std::ranges::find_if(calls, ends_it);
    if (trace.upload->stream_path.empty() || trace.upload->is_tus || mistake == calls.end() ||
        std::ranges::any_of(calls, is_deletion)) {
        found.push_back(state_verdict("media_canceled", trace, "It was cancelled.", ""));
        return;
    }
    const auto at = static_cast<std::size_t>(mistake - calls.begin());
    auto made = verdict(mistake->code, Confidence::certain, Stage::state, at, told(*mistake, at));
    made.facts += " That ended the upload.";
    made.hint = "Create a new upload, and send the whole file.";
    found.push_back(std::move(made));
}

}  // namespace

Verdicts judge_own(const Trace& trace, const std::vector<Story>& stories) {
    const Evidence evidence{trace, stories};
    const UploadFacts& upload = *trace.upload;
    Verdicts found;
    if (upload.state == "open" && !upload.stream_path.empty()) {
        judge_open_stream(evidence, found);
    } else if (upload.state == "open") {
        judge_open(evidence, found);
    } else if (upload.state == "ready") {
        judge_ready(evidence, found);
    } else if (upload.state == "failed") {
        judge_failed(trace, found);
    } else if (upload.state == "expired") {
        found.push_back(state_verdict(
            "media_expired", trace, "It expired at " + upload.expires_at + ". " + sums(upload), ""
        ));
    } else if (upload.state == "cancelled") {
        judge_cancelled(trace, found);
    } else {
        judge_under_way(trace, found);
    }
    for (const Story& story : stories) {
        judge_polling(story, found);
    }
    // While it is processed, nothing else keeps the caller from knowing; afterwards it is history.
    const bool is_under_way = !found.empty() && found.front().code == processing_under_way;
    for (Verdict& one : found) {
        const bool was_refused =
            one.code == "polling_too_fast" && one.confidence == Confidence::likely;
        one.confidence = is_under_way && was_refused ? Confidence::certain : one.confidence;
    }
    return found;
}

}  // namespace sluice::diagnosis
