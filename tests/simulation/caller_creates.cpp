// Calls that make an upload: INIT, and a file in one call; with and without an Idempotency-Key.
#include <algorithm>

#include "actors.hpp"
#include "base/error_catalogue.hpp"

namespace sluice::simulation {

UploadPlan Caller::new_plan(bool is_small) {
    UploadPlan plan{.key = world_.options.seed * 1000 + world_.next_key++};
    const std::size_t count = is_small ? 1 : world_.random.between(1, 4);
    const bool is_regular = world_.random.one_in(2);
    const std::uint64_t usual = world_.random.between(8, 90);
    for (std::size_t i = 0; i < count; ++i) {
        plan.lengths.push_back(is_regular ? usual : world_.random.between(4, 90));
    }
    if (is_regular) {
        plan.lengths.back() = world_.random.between(4, usual);
    }
    return plan;
}

bool Caller::explains_create(ErrorCode code) const {
    const bool has_quota =
        world_.options.quota.uploads_open_max > 0 || world_.options.quota.bytes_max.value > 0;
    switch (code) {
        case ErrorCode::storage_failed:
            return world_.gate.was_bad();
        case ErrorCode::storage_full:
            return world_.gate.was_bad() || world_.options.capacity.value < (1ULL << 40);
        case ErrorCode::too_many_open_uploads:
        case ErrorCode::quota_exceeded:
            world_.tally.saw(Seen::quota_refused);
            return has_quota;
        default:
            return false;
    }
}

Caller::Creation Caller::new_creation(const Principal& owner, bool is_whole) {
    if (!world_.options.has_keys || world_.random.one_in(2)) {
        return {.owner = owner, .plan = new_plan(is_whole), .is_whole = is_whole};
    }
    std::vector<std::size_t> own;
    for (std::size_t i = 0; i < world_.keys.size(); ++i) {
        if (world_.keys[i].owner == owner) {
            own.push_back(i);
        }
    }
    if (own.empty() || world_.random.one_in(3)) {
        own.push_back(world_.keys.size());
        KeyModel fresh{.owner = owner, .is_whole = is_whole};
        fresh.key = "key " + std::to_string(world_.keys.size());
        for (KeyModel::Asked& asked : fresh.asked) {
            asked.plan = new_plan(is_whole);
        }
        // No two calls are the same by chance.
        fresh.asked[1].plan.lengths.front() += fresh.asked[0].plan.total();
        world_.keys.push_back(std::move(fresh));
    }
    const std::size_t key = world_.options.is_crowded ? own.back() : world_.random.pick(own);
    const std::size_t asked = world_.random.one_in(6) ? 1 : 0;
    const KeyModel& known = world_.keys[key];
    return {owner, known.asked.at(asked).plan, known.is_whole, key, asked};
}

Result<Upload> Caller::ask_for(Process& process, const Creation& wanted, bool& is_repeat) {
    CreateUpload call{wanted.owner, "tweet_video", "video/mp4", "", {wanted.plan.total()}};
    if (wanted.key) {
        call.idempotency_key = world_.keys[*wanted.key].key;
        call.was_made_before = &is_repeat;
    }
    if (!wanted.is_whole) {
        return process.uploads.create(call);
    }
    const auto bytes = bytes_of(wanted.plan, 0, 0);
    auto incoming = process.uploads.begin_whole(call, ByteCount{bytes.size()});
    if (!incoming) {
        return std::move(incoming).error();
    }
    if (auto written = incoming->write(bytes); !written) {
        return std::move(written).error();
    }
    return process.uploads.finish_whole(call, std::move(*incoming));
}

bool Caller::is_surely_there(std::optional<MediaId> id) const {
    if (!id) {
        return false;
    }
    const UploadModel& model = world_.checker.models().at(*id);
    return !model.cancel.is_possible() && !model.is_abandoned &&
           (model.keep.acknowledged || world_.clock.now() < model.expires_at);
}

Answer Caller::attempt(const Creation& wanted) {
    world_.scheduler.wait_until_up();
    const auto known = wanted.key ? world_.keys[*wanted.key].known : std::nullopt;
    if (wanted.key) {
        ++world_.keys[*wanted.key].asked.at(wanted.asked).wish.pending;
    }
    bool is_repeat = false;
    const auto answer =
        world_.ask([&](Process& process) { return ask_for(process, wanted, is_repeat); });
    const Answer outcome = judge(answer);
    if (outcome == Answer::yes) {
        note_created(wanted, **answer, known, is_repeat);
    } else if (answer) {
        judge_not_created(wanted, answer->error(), known);
    }
    if (outcome == Answer::unknown) {
        world_.checker.nobody_knows();
    }
    if (wanted.key) {
        settle(world_.keys[*wanted.key].asked.at(wanted.asked).wish, outcome);
    }
    return outcome;
}

void Caller::note_created(
    const Creation& wanted, const Upload& upload, std::optional<MediaId> known, bool is_repeat
) {
    if (is_surely_there(known) && upload.id != *known) {
        world_.checker.fail("two uploads under one key: " + known->text());
    }
    if (wanted.key) {
        KeyModel& key = world_.keys[*wanted.key];
        key.known = upload.id;
        if (is_repeat && key.asked.at(wanted.asked).wish.maybe) {
            world_.tally.saw(Seen::replayed_after_no_answer);
        }
    }
    if (is_repeat) {
        world_.tally.saw(Seen::upload_replayed);
    }
    auto& models = world_.checker.models();
    if (const auto there = models.find(upload.id); there != models.end()) {
        UploadModel& model = there->second;
        if (!is_repeat && !std::exchange(model.is_told_by_repeat, false)) {
            world_.checker.fail("an upload was made twice: " + upload.id.text());
        }
        if (model.plan.key != wanted.plan.key) {
            world_.checker.fail("answered with the upload of another call: " + upload.id.text());
        }
        return;
    }
    UploadModel model{.plan = wanted.plan, .id = upload.id, .owner = wanted.owner};
    model.expires_at = upload.expires_at;
    model.is_told_by_repeat = is_repeat;
    if (wanted.is_whole) {
        world_.tally.saw(Seen::one_shot);
        model.one_shot = true;
        model.sent[0][0].acknowledged = true;
        model.finalize.acknowledged = true;
        model.last_state = upload.state;
    }
    world_.checker.add(std::move(model));
}

void Caller::judge_not_created(
    const Creation& wanted, const Error& error, std::optional<MediaId> known
) {
    const bool may_be_another =
        wanted.key && world_.keys[*wanted.key].asked.at(1 - wanted.asked).wish.is_possible();
    bool is_explained = explains_create(error.code);
    if (error.code == ErrorCode::idempotency_key_reused) {
        world_.tally.saw(Seen::key_reused_refused);
        is_explained = may_be_another;
    } else if (!wanted.is_whole && !may_be_another && is_surely_there(known)) {
        // What was made is told of again, whatever would be said to a new one.
        is_explained = world_.gate.was_bad() && (error.code == ErrorCode::storage_failed ||
                                                 error.code == ErrorCode::storage_full);
    }
    if (!is_explained) {
        unexpected({.owner = wanted.owner}, error, wanted.is_whole ? "one-shot" : "INIT");
    }
}

void Caller::create(const Principal& owner, bool is_whole) {
    const Creation wanted = new_creation(owner, is_whole);
    const Answer answer = attempt(wanted);
    const bool asks_again = answer == Answer::unknown || world_.random.one_in(4);
    if (wanted.key && asks_again) {
        attempt(wanted);
    }
}

}  // namespace sluice::simulation
