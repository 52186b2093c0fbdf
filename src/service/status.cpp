#include <algorithm>

#include "core/shortfall.hpp"
#include "service/checked_load.hpp"
#include "service/doubts.hpp"
#include "service/history.hpp"
#include "service/refusals.hpp"
#include "service/timeline.hpp"
#include "service/uploads.hpp"
#include "store/hot/hot_uploads.hpp"

namespace sluice {
namespace {

using std::chrono::milliseconds;

WallTime last_of(const SegmentMap& segments) {
    WallTime last{};
    for (const auto& [index, segment] : segments) {
        last = std::max(last, segment.received_at);
    }
    return last;
}

UploadStatus with_advice(Upload upload, std::optional<milliseconds> left) {
    const bool is_measured =
        upload.state == UploadState::processing && upload.progress.ends_at.has_value();
    return {
        .upload = std::move(upload),
        .check_after = left ? std::optional(check_after(*left, is_measured)) : std::nullopt,
    };
}

Error finalize_missing(MediaId id, HotOpen open) {
    append_times_asked(open.facts, open.asked);
    return {
        .code = ErrorCode::finalize_missing,
        .facts = std::move(open.facts),
        .media_id = id.value,
    };
}

// No FINALIZE will come: its last byte completes it.
Error unfinished_stream(const Upload& upload) {
    const StreamFacts& stream = upload.stream;
    std::string facts = std::to_string(upload.received.value) + " bytes are there";
    if (stream.kind == UploadKind::joined) {
        facts = "It is joined from " + std::to_string(stream.parts.size()) +
                " parts, and not all of them are complete";
    } else if (stream.length_known) {
        facts += " of " + std::to_string(upload.total.value);
    } else {
        facts += ", and its length was not told yet";
    }
    if (stream.kind == UploadKind::part) {
        const bool is_complete = stream.length_known && upload.received == upload.total;
        facts += is_complete ? "; it is a part, complete, and waits to be joined"
                             : "; it is a part, and nothing by itself";
    }
    return {
        .code = ErrorCode::upload_incomplete,
        .facts = facts + ". It came by a resumable protocol, which needs no FINALIZE.",
        .media_id = upload.id.value,
    };
}

// What the store expected; nothing of what has told its own end.
std::optional<milliseconds> left_unmeasured(
    const Upload& upload, std::optional<milliseconds> left
) {
    return upload.progress.ends_at ? std::nullopt : left;
}

}  // namespace

bool Uploads::is_gone(const Upload& upload) const {
    return upload.is_over() || upload.is_due(now());
}

// Additional owners may look at an upload; to everybody else it does not exist.
Result<UploadWithSegments> Uploads::find_as(const Principal& reader, MediaId id) {
    auto found = load_checked(services_, reader, id);
    if (found || found.error().code != ErrorCode::store_not_found) {
        return found;
    }
    const auto is_owner = services_.attachments.is_additional_owner(id, reader);
    if (!is_owner) {
        return is_owner.error();
    }
    return *is_owner ? services_.metadata.find_any(id) : std::move(found);
}

HotOpen Uploads::facts_of_open(const UploadWithSegments& found) {
    const auto& [upload, segments] = found;
    const SegmentGaps gaps = gaps_of(segments);
    const auto events = telling_events(upload);
    std::string facts = std::to_string(segments.size()) +
                        (segments.size() == 1 ? " segment" : " segments") + " with " +
                        std::to_string(gaps.received.value) + " of " +
                        std::to_string(upload.total.value) + " bytes arrived, FINALIZE " +
                        (was_finalize_refused(events) ? "was refused." : "never did.");
    if (gaps.received == upload.total && gaps.missing.empty()) {
        facts += " All bytes are there since " + rfc3339(last_of(segments)) + ".";
        facts += refusal_to_expect(found);
    } else if (!segments.empty()) {
        facts += " It would be refused now: " +
                 (gaps.missing.empty() ? too_few_text(segments, gaps.received, upload.total)
                                       : gaps_text(segments, gaps, upload.total));
    }
    if (services_.doubts != nullptr) {
        if (const auto refusal = services_.doubts->refusal_of(upload.id)) {
            facts += " It would be refused: " + refusal->facts;
        }
    }
    facts += refused_appends_of(events, segments) + refused_finalize_of(events);
    return {upload.owner, upload.expires_at, std::move(facts), times_asked(events)};
}

// What is doubted is asked for anew each time.
std::optional<Error> Uploads::open_at_once(
    const Principal& owner, MediaId id, HotOpen open, WallTime at
) const {
    const bool is_doubted = services_.doubts != nullptr && services_.doubts->may_doubt(id);
    if (is_doubted || open.owner != owner || at >= open.expires_at) {
        return std::nullopt;
    }
    return finalize_missing(id, std::move(open));
}

// FINALIZE may have been sent, and refused, and nobody looked.
std::string Uploads::refusal_to_expect(const UploadWithSegments& found) {
    const auto start = start_of(found.segments);
    const auto judged = start ? judge_content(found, *start, {}) : ok();
    return judged ? std::string() : " It would be refused, or was already: " + judged.error().facts;
}

// What cannot be read explains nothing, and is no reason to refuse more.
std::vector<TimelineEvent> Uploads::telling_events(const Upload& upload) const {
    if (services_.timeline == nullptr) {
        return {};
    }
    auto events = services_.timeline->read(upload.owner, upload.id, TimelinePart::telling);
    return events ? *std::move(events) : std::vector<TimelineEvent>();
}

Error Uploads::with_refused_appends(Error refused, const UploadWithSegments& found) const {
    refused.facts += refused_appends_of(telling_events(found.upload), found.segments);
    return refused;
}

std::optional<milliseconds> Uploads::time_left(const Upload& of) {
    constexpr milliseconds unknown{1000};
    const Family family = family_of(of.category);
    if (of.state == UploadState::queued || of.state == UploadState::sealed) {
        const auto position = services_.metadata.queue_position(of.id, now());
        return position ? time_until_done(
                              *position,
                              family,
                              services_.slots().of(lane_of(family)),
                              services_.speed,
                              now()
                          )
                        : unknown;
    }
    if (of.state != UploadState::processing) {
        return std::nullopt;
    }
    if (of.progress.ends_at) {
        return std::max(milliseconds(0), *of.progress.ends_at - now());
    }
    // It has only just begun: nothing is measured yet.
    const auto position = services_.metadata.queue_position(of.id, now());
    return position ? time_left_of(
                          {family, position->cost_expected, of.changed_at, std::nullopt},
                          services_.speed,
                          now()
                      )
                    : unknown;
}

UploadStatus Uploads::view(Upload upload) {
    const auto left = time_left(upload);
    return with_advice(std::move(upload), left);
}

std::optional<Result<UploadStatus>> Uploads::status_at_once(
    const Principal& owner, MediaId id, WallTime at
) {
    if (services_.hot == nullptr) {
        return std::nullopt;
    }
    auto [hot, open] = services_.hot->find_either(id, at);
    if (open) {
        return open_at_once(owner, id, *std::move(open), at);
    }
    if (!hot) {
        return std::nullopt;
    }
    if (hot->upload.owner != owner || hot->upload.is_over() || at >= hot->upload.expires_at) {
        return std::nullopt;
    }
    const auto left = hot->left ? std::max(milliseconds(0), *hot->left - (at - hot->asked_at))
                                : time_left(hot->upload);
    return with_advice(std::move(hot->upload), left);
}

Result<UploadStatus> Uploads::status(const Principal& owner, MediaId id) {
    const auto seen = services_.hot == nullptr ? std::nullopt : services_.hot->version_of(id);
    auto found = services_.metadata.find(owner, id);
    const bool is_usual = found && !is_gone(*found) && found->state != UploadState::open;
    if (is_usual) {
        const auto left = time_left(*found);
        if (services_.hot != nullptr) {
            services_.hot->keep({*found, now(), left_unmeasured(*found, left)}, seen);
        }
        return with_advice(std::move(*found), left);
    }
    if (!found && found.error().code != ErrorCode::store_not_found) {
        return refused(owner, std::move(found).error(), id);  // nor would a second look be answered
    }
    auto whole = find_as(owner, id);
    if (!whole) {
        return refused(owner, std::move(whole).error(), id);
    }
    Upload& upload = whole->upload;
    // What the next sweep will expire has expired already; a job that waits or runs is not cut off.
    if (is_gone(upload)) {
        return gone(upload);
    }
    if (upload.state != UploadState::open) {
        return view(std::move(upload));
    }
    if (upload.stream.kind != UploadKind::segments) {
        return unfinished_stream(upload);
    }
    auto open = facts_of_open(*whole);
    const bool is_doubted = services_.doubts != nullptr && services_.doubts->may_doubt(id);
    if (services_.hot != nullptr && !is_doubted) {
        services_.hot->keep_open(id, open, seen);
    }
    return finalize_missing(id, std::move(open));
}

Result<UploadDetails> Uploads::details(const Principal& owner, MediaId id) {
    auto found = find_as(owner, id);
    if (!found) {
        return refused(owner, std::move(found).error(), id);
    }
    auto due = found->upload.expired(now());  // what the next sweep will expire has expired already
    Upload& upload = due ? *due : found->upload;
    UploadDetails details{view(std::move(upload)), gaps_of(found->segments), {}};
    if (details.status.upload.may_have_outputs()) {
        auto outputs = services_.metadata.outputs(id);
        if (!outputs) {
            return std::move(outputs).error();
        }
        details.outputs = std::move(*outputs);
    }
    return details;
}

}  // namespace sluice
