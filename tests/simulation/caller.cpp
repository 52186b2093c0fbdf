#include <algorithm>

#include "actors.hpp"
#include "base/error_catalogue.hpp"

namespace sluice::simulation {
namespace {

std::string slug_of(ErrorCode code) {
    return std::string(entry_of(code).slug);
}

// The row says what the answer said; of an open one, as far as it can be told from the row.
bool is_told_of(const Result<UploadStatus>& answer, const Upload& stored) {
    if (answer) {
        return answer->upload == stored;
    }
    const auto bytes = " with " + std::to_string(stored.received.value) + " of " +
                       std::to_string(stored.total.value) + " bytes arrived";
    return stored.state == UploadState::open &&
           answer.error().code == ErrorCode::finalize_missing &&
           answer.error().facts.starts_with(
               std::to_string(stored.segments_received) + " segment"
           ) &&
           answer.error().facts.contains(bytes);
}

}  // namespace

// Of the moment when the call begins: a loss of power while it waited for the server is before it.
Caller::Before Caller::of(const UploadModel& model) {
    world_.scheduler.wait_until_up();
    return {
        .is_complete = model.is_surely_complete(),
        .is_finalized = model.finalize.acknowledged,
        .is_kept = model.keep.acknowledged,
        .is_cancelled = model.cancel.acknowledged,
    };
}

// No answer, and an answer that says the store has failed, leave it open.
bool Caller::is_common(const UploadModel& model, const Before& before, ErrorCode code) const {
    switch (code) {
        case ErrorCode::storage_failed:
            return world_.gate.was_bad();
        case ErrorCode::storage_full:
            return world_.gate.was_bad() || world_.options.capacity.value < (1ULL << 40);
        case ErrorCode::media_canceled:
            return model.cancel.is_possible();
        case ErrorCode::media_expired:
            return !before.is_kept && world_.clock.now() >= model.expires_at;
        case ErrorCode::media_unknown:
            return model.is_abandoned;
        default:
            return false;
    }
}

void Caller::unexpected(const UploadModel& model, const Error& error, const char* call) {
    world_.checker.fail(
        std::string(call) + " of " + model.id.text() + " was refused with " + slug_of(error.code) +
        ", and nothing explains it. " + error.facts + " " + error.detail
    );
}

void Caller::judge_refusal(
    const UploadModel& model, const Before& before, const Error& error, const char* call
) {
    if (!model.is_abandoned && !is_common(model, before, error.code)) {
        unexpected(model, error, call);
    }
}

bool Caller::explains_append(
    const UploadModel& model,
    std::uint16_t index,
    const std::vector<std::byte>& bytes,
    ErrorCode code
) const {
    switch (code) {
        case ErrorCode::segment_conflict:
            world_.tally.saw(Seen::segment_conflict);
            return model.may_stand_other(index, bytes);
        case ErrorCode::already_finalized:
            return model.finalize.is_possible();
        case ErrorCode::beyond_total_bytes:
            world_.tally.saw(Seen::segment_too_much);
            return model.most_received() + bytes.size() > model.plan.total();
        default:
            return false;
    }
}

Answer Caller::append(UploadModel& model, std::uint16_t index, std::size_t variant, Manner manner) {
    const Before before = of(model);
    const auto bytes = bytes_of(model.plan, index, variant);
    const bool was_there = model.acknowledged_variant(index).has_value();
    AppendTarget target{.owner = model.owner, .id = model.id, .index = {index}};
    if (manner.promised) {
        target.length_expected = ByteCount{*manner.promised};
    }
    if (manner.has_wrong_digest) {
        target.digests = {{"segment_md5", "d41d8cd98f00b204e9800998ecf8427e"}};
    }
    Wish& wish = model.sent[index].at(variant);
    ++wish.pending;
    bool has_broken_off = false;
    const auto answer = world_.ask([&](Process& process) -> Result<Upload> {
        auto incoming = manner.is_named ? process.uploads.begin_append(target)
                                        : process.uploads.begin_unnamed();
        if (!incoming) {
            return std::move(incoming).error();
        }
        const std::size_t half = world_.random.below(bytes.size() + 1);
        const std::span all(bytes);
        for (const auto part : {all.first(half), all.subspan(half)}) {
            if (auto written = part.empty() ? ok() : incoming->write(part); !written) {
                return std::move(written).error();
            }
        }
        if (manner.breaks_off) {
            has_broken_off = true;
            return Error{.code = ErrorCode::body_truncated};
        }
        return process.uploads.finish_append(target, std::move(*incoming));
    });
    const Answer outcome = judge(answer);
    settle(wish, has_broken_off ? Answer::no : outcome);
    if (has_broken_off) {
        world_.tally.saw(Seen::segment_abandoned);
    } else if (outcome == Answer::yes) {
        if (manner.has_wrong_digest) {
            world_.checker.fail("a segment with a wrong digest was acknowledged");
        }
        world_.tally.saw(
            !was_there            ? Seen::segment_stored
            : before.is_finalized ? Seen::segment_repeated_after_finalize
                                  : Seen::segment_repeated
        );
    } else if (answer) {
        const ErrorCode code = answer->error().code;
        const bool is_digest = manner.has_wrong_digest && code == ErrorCode::digest_mismatch;
        if (is_digest) {
            world_.tally.saw(Seen::segment_digest_wrong);
        } else if (!explains_append(model, index, bytes, code)) {
            judge_refusal(model, before, answer->error(), "APPEND");
        }
    }
    world_.checker.check(model.id);
    return outcome;
}

Answer Caller::finalize(UploadModel& model) {
    const Before before = of(model);
    const bool runs_already = model.finalize.pending > 0;
    ++model.finalize.pending;
    const auto answer =
        world_.ask([&](Process& process) { return process.uploads.finish(model.owner, model.id); });
    const Answer outcome = judge(answer);
    settle(model.finalize, model.one_shot ? Answer::no : outcome);
    if (outcome == Answer::yes) {
        world_.tally.saw(before.is_finalized ? Seen::finalized_again : Seen::finalized);
        if (runs_already) {
            world_.tally.saw(Seen::finalize_raced);
        }
    } else if (answer) {
        const ErrorCode code = answer->error().code;
        const bool lacks = code == ErrorCode::nothing_appended ||
                           code == ErrorCode::segment_missing || code == ErrorCode::size_mismatch ||
                           code == ErrorCode::append_in_flight;
        const bool is_one_shot = code == ErrorCode::not_chunked && model.one_shot;
        if (lacks) {
            world_.tally.saw(Seen::finalize_refused);
        }
        // What was complete may have lost segments while the call ran: a relaxed 2xx to APPEND survives
        // neither a loss of power nor a sync that failed, and the loss is told in this way.
        const bool is_complete = before.is_complete && model.is_surely_complete();
        if (lacks ? (is_complete || before.is_finalized) && !model.is_abandoned : !is_one_shot) {
            judge_refusal(model, before, answer->error(), "FINALIZE");
        }
    }
    world_.checker.check(model.id);
    return outcome;
}

// As the protocols ask: what is known at once must be what the store has at this very moment.
Result<UploadStatus> Caller::status_of(Process& process, const UploadModel& model) {
    auto at_once = process.uploads.status_at_once(model.owner, model.id, process.uploads.now());
    if (!at_once) {
        return process.uploads.status(model.owner, model.id);
    }
    world_.tally.saw(Seen::status_at_once);
    const auto stored = world_.journal.rows().find(model.owner, model.id);
    if (!stored || !is_told_of(*at_once, *stored)) {
        world_.checker.fail("STATUS from memory is not what the store has");
    }
    return *std::move(at_once);
}

void Caller::status(UploadModel& model) {
    const Before before = of(model);
    const auto answer = world_.ask([&](Process& process) { return status_of(process, model); });
    const Answer outcome = judge(answer);
    if (outcome == Answer::yes) {
        const UploadState state = (*answer)->upload.state;
        if (!model.finalize.is_possible() || before.is_cancelled) {
            world_.checker.fail("STATUS says " + std::string(name_of(state)) + " of nothing");
        }
    } else if (answer && answer->error().code == ErrorCode::finalize_missing) {
        world_.tally.saw(Seen::status_before_finalize);
        if ((before.is_finalized || before.is_cancelled) && !model.is_abandoned) {
            unexpected(model, answer->error(), "STATUS");
        }
    } else if (answer) {
        judge_refusal(model, before, answer->error(), "STATUS");
    }
    world_.checker.check(model.id);
}

void Caller::details(UploadModel& model) {
    const Before before = of(model);
    std::map<std::uint16_t, std::size_t> indexes;  // with their bytes
    for (const auto& [index, wishes] : model.sent) {
        if (const auto variant = model.acknowledged_variant(index)) {
            indexes.emplace(index, bytes_of(model.plan, index, *variant).size());
        }
    }
    const auto answer = world_.ask([&](Process& process) {
        return process.uploads.details(model.owner, model.id);
    });
    if (judge(answer) != Answer::yes) {
        if (answer) {
            judge_refusal(model, before, answer->error(), "GET");
        }
        return;
    }
    const UploadDetails& details = **answer;
    if (details.status.upload.is_over() || model.is_abandoned) {
        return;
    }
    // As in finalize(): what the call itself found to be lost was not promised any more.
    std::erase_if(indexes, [&](const auto& item) {
        return !model.acknowledged_variant(item.first);
    });
    std::uint64_t acknowledged = 0;
    for (const auto& [index, length] : indexes) {
        acknowledged += length;
    }
    const bool says_missing = std::ranges::any_of(details.gaps.missing, [&](SegmentIndex index) {
        return indexes.contains(index.value);
    });
    if (says_missing || details.gaps.received.value < acknowledged ||
        details.status.upload.received.value < acknowledged) {
        world_.checker.fail("GET says that an acknowledged segment is missing");
    }
    if (before.is_cancelled ||
        (before.is_finalized && details.status.upload.state == UploadState::open)) {
        world_.checker.fail("GET says what is no more");
    }
}

Answer Caller::keep(UploadModel& model) {
    const Before before = of(model);
    ++model.keep.pending;
    const auto answer =
        world_.ask([&](Process& process) { return process.uploads.keep(model.owner, model.id); });
    const Answer outcome = judge(answer);
    settle(model.keep, outcome);
    if (outcome == Answer::yes) {
        world_.tally.saw(Seen::kept);
    } else if (answer) {
        judge_refusal(model, before, answer->error(), "keep");
    }
    world_.checker.check(model.id);
    return outcome;
}

Answer Caller::cancel(UploadModel& model) {
    const Before before = of(model);
    ++model.cancel.pending;
    const auto answer =
        world_.ask([&](Process& process) { return process.uploads.cancel(model.owner, model.id); });
    const Answer outcome = judge(answer);
    settle(model.cancel, outcome);
    if (outcome == Answer::yes) {
        world_.tally.saw(Seen::cancelled);
    } else if (answer) {
        judge_refusal(model, before, answer->error(), "DELETE");
    }
    world_.checker.check(model.id);
    return outcome;
}

void Caller::list(const Principal& owner) {
    std::vector<MediaId> wanted;
    for (const auto& [id, model] : world_.checker.models()) {
        const bool may_be_gone = model.cancel.is_possible() || model.is_abandoned ||
                                 (!model.keep.acknowledged &&
                                  world_.clock.now() + std::chrono::seconds(5) >= model.expires_at);
        if (model.owner == owner && !may_be_gone) {
            wanted.push_back(id);
        }
    }
    const auto answer = world_.ask([&](Process& process) {
        return process.uploads.list({.owner = owner, .count_max = 100});
    });
    if (judge(answer) != Answer::yes) {
        if (answer && answer->error().code != ErrorCode::storage_failed) {
            world_.checker.fail("the list was refused: " + slug_of(answer->error().code));
        }
        return;
    }
    for (const MediaId id : wanted) {
        const UploadModel& model = world_.checker.models().at(id);
        const bool is_listed =
            std::ranges::any_of((*answer)->uploads, [id](const UploadDetails& details) {
                return details.status.upload.id == id;
            });
        if (!is_listed && !model.cancel.is_possible() && !model.is_abandoned &&
            (model.keep.acknowledged || world_.clock.now() < model.expires_at)) {
            world_.checker.fail("the list leaves out " + id.text());
        }
    }
}

}  // namespace sluice::simulation
