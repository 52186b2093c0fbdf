#include "diagnosis/own_upload.hpp"

#include <algorithm>

namespace sluice::diagnosis {
namespace {

// After the end of a stream, which knows no INIT.
constexpr std::string_view new_stream = "Create a new upload, and send the whole file.";

std::size_t last_of(const Trace& trace) {
    return trace.calls.empty() ? 0 : trace.calls.size() - 1;
}

std::string sums(const UploadFacts& upload) {
    const std::string count = std::to_string(upload.segments);
    std::string text = upload.stream_path.empty()
                           ? count + (upload.segments == 1 ? " segment with " : " segments with ")
                           : "";
    text += std::to_string(upload.received_bytes) + " of " + std::to_string(upload.total_bytes) +
            " bytes arrived.";
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

bool is_about_gaps(std::string_view code) {
    return code == "segment_missing" || code == "size_mismatch" || code == "nothing_appended";
}

// What has arrived since has answered the refusal; and a question keeps no bytes from arriving.
bool is_overcome(const Call& call, const UploadFacts& upload) {
    if (call.command == "APPEND") {
        const bool is_complete = upload.received_bytes == upload.total_bytes;
        return is_complete || (call.segment && has_segment(upload, *call.segment));
    }
    if (call.command == "FINALIZE" && is_about_gaps(call.code)) {
        return is_whole(upload) || (call.code == "nothing_appended" && upload.received_bytes > 0);
    }
    return call.command == "STATUS";
}

void add_refusal(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const auto& calls = evidence.trace.calls;
    const UploadFacts& upload = *evidence.trace.upload;
    const Call& call = calls[at];
    const bool is_finalize = call.command == "FINALIZE";
    const bool is_consequence =
        is_finalize && std::ranges::any_of(found, [](const Verdict& before) {
            return before.confidence == Confidence::certain;
        });
    auto made = verdict(
        call.code,
        is_consequence ? Confidence::likely : Confidence::certain,
        Stage::state,
        at,
        told(call, at)
    );
    if (is_overcome(call, upload)) {
        made.confidence = Confidence::possible;
        made.facts += call.command == "STATUS" ? "" : " Since then: " + sums(upload);
        made.hint = call.command == "STATUS" ? made.hint : "Nothing needs to be done about it.";
    } else if (is_finalize && is_about_gaps(call.code)) {
        const bool has_moved = std::ranges::any_of(
            calls.begin() + static_cast<std::ptrdiff_t>(at),
            calls.end(),
            [](const Call& later) { return later.command == "APPEND" && later.is_success(); }
        );
        made.facts += has_moved ? " Since then: " + sums(upload) : "";
    }
    found.push_back(std::move(made));
}

// The refusals that no later success of the same call mended. STATUS before FINALIZE is the state's
// to tell.
void add_refusals(const Evidence& evidence, Verdicts& found) {
    const auto& calls = evidence.trace.calls;
    for (std::size_t at = 0; at < calls.size(); ++at) {
        const Call& call = calls[at];
        const bool is_told = call.command == "STATUS" &&
                             (call.code == "finalize_missing" || call.code == "upload_incomplete");
        if (call.is_refusal() && !call.code.empty() && !is_told && !was_mended(evidence, at)) {
            add_refusal(evidence, at, found);
        }
    }
}

bool has_cause(const Verdicts& found) {
    return std::ranges::any_of(found, [](const Verdict& one) {
        return one.confidence != Confidence::possible;
    });
}

std::string_view end_of_stream(const UploadFacts& upload) {
    if (upload.joins_parts) {
        return " bytes arrived. It joins parts, and is finished with the last of them.";
    }
    if (upload.is_part) {
        return waits_to_be_joined(upload)
                   ? " bytes arrived. It is a part, complete, and waits to be joined."
                   : " bytes arrived. It is a part, complete with its last byte, and to be joined.";
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
    if (waits_to_be_joined(upload)) {
        return "Join it: POST to /files/ with Upload-Concat: final; and the URLs of all parts in "
               "the "
               "order of their bytes, of which this is one.";
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
    if (questions == 0 && has_cause(found)) {
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
    made.confidence = has_cause(found) ? Confidence::likely : Confidence::certain;
    found.push_back(std::move(made));
}

void judge_open(const Evidence& evidence, Verdicts& found) {
    const Trace& trace = evidence.trace;
    const UploadFacts& upload = *trace.upload;
    add_refusals(evidence, found);
    const bool is_complete = upload.received_bytes == upload.total_bytes;
    const std::uint32_t questions = asked(trace);
    if (is_complete || questions > 0) {
        const bool was_sent = std::ranges::any_of(trace.calls, [](const Call& call) {
            return call.command == "FINALIZE";
        });
        std::string facts =
            sums(upload) + " FINALIZE was " + (was_sent ? "not accepted." : "never sent.");
        facts += questions == 0 ? "" : " STATUS was asked " + times(questions);
        auto made = state_verdict("finalize_missing", trace, std::move(facts), "");
        made.confidence = has_cause(found) ? Confidence::likely : Confidence::certain;
        found.push_back(std::move(made));
    } else if (!has_cause(found)) {
        found.push_back(state_verdict(
            upload_under_way,
            trace,
            sums(upload) + " It expires at " + upload.expires_at + ".",
            "Send the rest of the segments, then FINALIZE."
        ));
    }
}

// Where bytes are lacking, the segment to send is the first of those that did not come.
void name_segment(const UploadFacts& upload, Verdicts& found) {
    for (Verdict& one : found) {
        const bool is_stopped = one.code == "finalize_missing" || is_about_gaps(one.code);
        if (is_stopped && upload.received_bytes < upload.total_bytes &&
            one.confidence != Confidence::possible) {
            one.segment = upload.missing.empty() ? upload.segments : upload.missing.front();
        }
    }
}

void judge_uses(const Evidence& evidence, const Steps& uses, Verdicts& found) {
    for (const Step& step : uses) {
        const Call& call = *step.call;
        if (call.is_refusal() && !call.code.empty() && !was_mended(evidence, step.at)) {
            found.push_back(
                verdict(call.code, Confidence::certain, Stage::state, step.at, told(call, step.at))
            );
        }
    }
}

// Ready: what came before it was mended; what is refused afterwards is about its use.
void judge_ready(const Evidence& evidence, Verdicts& found) {
    for (const Story& story : evidence.stories) {
        judge_uses(evidence, story.uses, found);
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
        found.push_back(state_verdict(
            "media_canceled",
            trace,
            trace.upload->joins_parts ? "It was cancelled, or one of its parts has ended."
                                      : "It was cancelled.",
            trace.upload->stream_path.empty() ? "" : std::string(new_stream)
        ));
        return;
    }
    const auto at = static_cast<std::size_t>(mistake - calls.begin());
    auto made = verdict(mistake->code, Confidence::certain, Stage::state, at, told(*mistake, at));
    made.facts += " That ended the upload.";
    made.hint = new_stream;
    found.push_back(std::move(made));
}

void judge_state(const Evidence& evidence, Verdicts& found) {
    const Trace& trace = evidence.trace;
    const UploadFacts& upload = *trace.upload;
    if (upload.state == "open" && !upload.stream_path.empty()) {
        judge_open_stream(evidence, found);
    } else if (upload.state == "open") {
        judge_open(evidence, found);
        name_segment(upload, found);
    } else if (upload.state == "ready") {
        judge_ready(evidence, found);
    } else if (upload.state == "failed") {
        judge_failed(trace, found);
    } else if (upload.state == "expired") {
        found.push_back(state_verdict(
            "media_expired",
            trace,
            "It expired at " + upload.expires_at + ". " + sums(upload),
            upload.stream_path.empty() ? "" : std::string(new_stream)
        ));
    } else if (upload.state == "cancelled") {
        judge_cancelled(trace, found);
    } else {
        judge_under_way(trace, found);
    }
}

}  // namespace

Verdicts judge_own(const Trace& trace, const std::vector<Story>& stories) {
    Verdicts found;
    judge_state({trace, stories}, found);
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
