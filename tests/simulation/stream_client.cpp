#include "stream_client.hpp"

#include <algorithm>

#include "actors.hpp"
#include "base/error_catalogue.hpp"

namespace sluice::simulation {

using std::chrono::milliseconds;

void Streamer::run() {
    for (std::size_t i = 0; i < world_.options.calls_each; ++i) {
        world_.scheduler.sleep(milliseconds(random().below(random().one_in(12) ? 40'000 : 20)));
        call();
    }
}

void Streamer::complete(StreamModel& model) {
    for (int round = 0; round < 4 && !model.is_complete && is_live(model); ++round) {
        append(model, {.is_all = true});
    }
    const bool has_room = world_.options.capacity.value == 1ULL << 40;
    const bool may_grow = !model.is_deferred || world_.options.quota.bytes_max.value == 0;
    const bool may_fail = !has_room || !may_grow || world_.checker.is_suspect(model.id);
    if (!model.is_complete && is_live(model) && !may_fail) {
        world_.checker.fail("a stream cannot be completed: " + model.id.text());
    }
}

bool Streamer::is_live(const StreamModel& model) const {
    return !model.is_abandoned && !model.cancel.is_possible() &&
           world_.clock.now() + std::chrono::hours(1) / 2 < model.expires_at;
}

StreamModel* Streamer::some(bool is_part) {
    std::vector<StreamModel*> fitting;
    for (auto& [id, model] : world_.checker.streams()) {
        if ((model.kind == UploadKind::part) == is_part && model.kind != UploadKind::joined) {
            fitting.push_back(&model);
        }
    }
    return fitting.empty() ? nullptr
                           : fitting
                                 [fitting.size() - 1 -
                                  random().below(std::min<std::size_t>(fitting.size(), 2))];
}

void Streamer::call() {
    const std::uint64_t what = random().below(20);
    StreamModel* model = some(random().one_in(4));
    if (model == nullptr || what < 2) {
        create();
    } else if (what < 15) {
        append(*model, some_manner());
    } else if (what < 17) {
        look(*model);
    } else if (what < 19) {
        join();
    } else {
        cancel(*model);
    }
}

Streamer::Manner Streamer::some_manner() {
    return {
        .is_all = random().one_in(3),
        .asks_first = !random().one_in(5),
        .goes_away = random().one_in(8),
        .is_slow = random().one_in(2),
        .tells_length = !random().one_in(4),
    };
}

bool Streamer::is_weather(const Error& error) const {
    const bool is_small = world_.options.capacity.value < (1ULL << 40);
    return (error.code == ErrorCode::storage_failed && world_.gate.was_bad()) ||
           (error.code == ErrorCode::storage_full && (world_.gate.was_bad() || is_small));
}

bool Streamer::is_common(const StreamModel& model, const Error& error) const {
    switch (error.code) {
        case ErrorCode::media_canceled:
            return model.cancel.is_possible();
        case ErrorCode::media_expired:
            return world_.clock.now() >= model.expires_at;
        case ErrorCode::media_unknown:
        case ErrorCode::media_id_rounded:
            return model.is_abandoned;
        case ErrorCode::quota_exceeded:
            world_.tally.saw(Seen::stream_growth_refused);
            return has_quota() && (model.is_deferred || model.kind == UploadKind::part);
        default:
            return is_weather(error);
    }
}

void Streamer::unexpected(const char* call, const StreamModel& model, const Error& error) {
    world_.checker.fail(
        std::string(call) + " of the stream " + model.id.text() + " was refused with " +
        std::string(entry_of(error.code).slug) + ", and nothing explains it. " + error.facts + " " +
        error.detail
    );
}

bool Streamer::has_quota() const {
    const Quota& quota = world_.options.quota;
    return quota.uploads_open_max > 0 || quota.bytes_max.value > 0;
}

void Streamer::create() {
    StreamModel model{.owner = {"ann"}, .total = random().between(1, 200)};
    model.kind = random().one_in(3) ? UploadKind::part : UploadKind::stream;
    model.ends_by_word = model.kind == UploadKind::stream && random().one_in(3);
    model.is_deferred = random().one_in(4);
    CreateStream wanted{.owner = model.owner, .kind = model.kind, .media_type = "video/mp4"};
    wanted.ends_at_length = !model.ends_by_word;
    if (!model.is_deferred) {
        wanted.length = ByteCount{model.total};
    }
    const auto made = world_.ask([&](Process& process) { return process.streams.create(wanted); });
    note_created(made, std::move(model));
}

void Streamer::note_created(const std::optional<Result<Upload>>& made, StreamModel model) {
    if (!made || (!*made && is_weather(made->error()))) {
        world_.checker.nobody_knows();
    } else if (!*made) {
        const bool is_quota = made->error().code == ErrorCode::too_many_open_uploads ||
                              made->error().code == ErrorCode::quota_exceeded;
        if (!is_quota || !has_quota()) {
            unexpected("the creation", model, made->error());
        } else if (model.kind == UploadKind::joined) {
            world_.checker.nobody_knows(
            );  // it was made, and is taken back where it cannot be joined
        }
    } else {
        model.id = (*made)->id;
        model.expires_at = (*made)->created_at + world_.options.lifetime;
        model.is_complete = (*made)->has_all_bytes();
        if (model.kind == UploadKind::joined && model.is_complete) {
            model.joined = content_of_parts(model);
            world_.tally.saw(Seen::streams_joined);
        }
        const MediaId id = model.id;
        world_.checker.add(std::move(model));
        world_.checker.check(id);
    }
}

std::vector<std::byte> Streamer::content_of_parts(const StreamModel& model) {
    std::vector<std::byte> all;
    for (const MediaId part : model.parts) {
        const auto bytes = world_.checker.content_of(part).value_or(std::vector<std::byte>());
        all.insert(all.end(), bytes.begin(), bytes.end());
    }
    return all;
}

void Streamer::join() {
    StreamModel model{.owner = {"ann"}, .kind = UploadKind::joined};
    for (auto& [id, part] : world_.checker.streams()) {
        const bool is_fit = part.kind == UploadKind::part && part.is_complete &&
                            !part.cancel.is_possible() && !part.is_abandoned;
        if (is_fit && !random().one_in(3)) {
            model.parts.push_back(id);
        }
    }
    if (model.parts.empty() || model.parts.size() > 5) {
        return;
    }
    bool lost_a_part = false;
    const auto made = world_.ask([&](Process& process) {
        return process.streams.create(
            {.owner = model.owner, .kind = UploadKind::joined, .parts = model.parts}
        );
    });
    for (const MediaId id : model.parts) {
        const StreamModel& part = world_.checker.streams().at(id);
        lost_a_part = lost_a_part || part.cancel.is_possible() || part.is_abandoned ||
                      part.told < part.total || world_.clock.now() >= part.expires_at;
    }
    const bool is_refused =
        made && !*made && made->error().code == ErrorCode::concatenation_invalid;
    if (!lost_a_part) {
        note_created(made, std::move(model));
    } else if (!made || !is_refused) {
        world_.checker.nobody_knows();  // what it became of parts that went meanwhile
    }
}

void Streamer::look(StreamModel& model) {
    const std::uint64_t told = model.told;
    const auto found = world_.ask([&](Process& process) { return seen(process, model); });
    if (found && *found) {
        note_offset(model, told, (*found)->received.value);
        note_end(model, **found);
    } else if (found && !is_common(model, found->error())) {
        unexpected("HEAD", model, found->error());
    }
    world_.checker.check(model.id);
}

Result<Upload> Streamer::seen(Process& process, const StreamModel& model) {
    auto found = process.streams.find(model.owner, model.id);
    return found && !model.ends_by_word ? process.streams.end_if_whole(*std::move(found))
                                        : std::move(found);
}

// By tus an offset at the length is the end: the client is content and does not come again.
void Streamer::note_end(StreamModel& model, const Upload& found) {
    const bool is_told_of_the_end = model.kind == UploadKind::stream && !model.ends_by_word &&
                                    found.stream.length_known && found.received == found.total;
    model.is_complete = model.is_complete || is_told_of_the_end;
}

void Streamer::note_offset(StreamModel& model, std::uint64_t before, std::uint64_t offset) {
    if (offset < before && model.told >= before) {
        world_.checker.fail("the offset of " + model.id.text() + " has fallen");
    }
    // A relaxed one may fall with the power; then `told` fell with it.
    const auto row = world_.journal.rows().find_any(model.id);
    if (row && row->upload.received.value >= offset) {
        model.told = std::max(model.told, offset);
    }
}

void Streamer::cancel(StreamModel& model) {
    ++model.cancel.pending;
    const auto done =
        world_.ask([&](Process& process) { return process.streams.cancel(model.owner, model.id); });
    const bool is_no = done && !*done && !is_weather(done->error());
    settle(
        model.cancel,
        !done || (!*done && !is_no) ? Answer::unknown
        : is_no                     ? Answer::no
                                    : Answer::yes
    );
    if (is_no && !is_common(model, done->error())) {
        unexpected("DELETE", model, done->error());
    }
    world_.checker.check(model.id);
}

void run_streamer(World& world) {
    Streamer(world).run();
    ++world.streamers_done;
}

void complete_streams(World& world) {
    Streamer streamer(world);
    for (auto& [id, model] : world.checker.streams()) {
        if (model.kind != UploadKind::joined) {
            streamer.complete(model);
        }
    }
}

}  // namespace sluice::simulation
