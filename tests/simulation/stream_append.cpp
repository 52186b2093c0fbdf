// How clients of streams bring bytes: one request each, from its first look to its answer.
#include <algorithm>

#include "stream_client.hpp"

namespace sluice::simulation {

using std::chrono::milliseconds;

std::vector<std::byte> Streamer::bytes_for(std::uint64_t count) {
    std::vector<std::byte> bytes(count);
    for (std::byte& byte : bytes) {
        byte = static_cast<std::byte>(0x80U | (random().next() >> 40U));
    }
    if (!bytes.empty()) {
        bytes.front() = std::byte{0xa5};  // no medium that anybody knows
    }
    return bytes;
}

void Streamer::append(StreamModel& model, Manner manner) {
    std::size_t in_doubt = model.sent.size();  // the piece that is under way
    const auto done = world_.ask([&](Process& process) -> Result<Upload> {
        auto appended = request(process, model, manner, in_doubt);
        return appended;
    });
    if (in_doubt < model.sent.size()) {
        const bool is_no = done && !*done && !is_weather(done->error());
        settle(model.sent[in_doubt].wish, is_no ? Answer::no : Answer::unknown);
    }
    if (done && *done) {
        const bool is_whole =
            model.kind == UploadKind::part
                ? (*done)->stream.length_known && (*done)->received == (*done)->total
                : (*done)->has_all_bytes();
        if (is_whole && !std::exchange(model.is_complete, true)) {
            world_.tally.saw(Seen::stream_completed);
        }
    }
    world_.checker.check(model.id);
}

Result<Upload> Streamer::request(
    Process& process, StreamModel& model, Manner manner, std::size_t& in_doubt
) {
    in_doubt = SIZE_MAX;
    const bool is_alone = model.running == 0;
    const Running running(model);
    std::uint64_t at = model.told;
    const std::uint64_t asked_before = model.asked;
    if (manner.asks_first) {
        const std::uint64_t told = model.told;
        const auto found = seen(process, model);
        if (!found) {
            return judged(model, found.error(), "HEAD");
        }
        note_offset(model, told, found->received.value);
        note_end(model, *found);
        at = found->received.value;
        if (found->has_all_bytes()) {
            model.is_complete = model.is_complete || model.kind != UploadKind::joined;
            return found;
        }
    }
    const std::uint64_t left = model.total - std::min(model.total, at);
    const std::uint64_t count = manner.is_all ? left : random().below(left + 1);
    const bool reaches_end = at + count == model.total;
    AppendToStream wanted{.owner = model.owner, .id = model.id, .at = {at}};
    if (manner.tells_length && !manner.goes_away) {
        wanted.length = ByteCount{count};
    }
    if (model.is_deferred && reaches_end && !model.ends_by_word) {
        wanted.total = ByteCount{model.total};
    }
    if (model.ends_by_word) {
        wanted.is_last = reaches_end;
    }
    const bool nobody_came = is_alone && model.asked == asked_before;
    const std::uint64_t own = ++model.asked;
    auto append = process.streams.begin(wanted);
    if (!append) {
        const bool is_offset = append.error().code == ErrorCode::offset_mismatch;
        const bool is_explained = !manner.asks_first || !nobody_came || model.asked != own;
        if (is_offset && is_explained) {
            world_.tally.saw(Seen::stream_refused);
            return append.error();
        }
        return judged(model, append.error(), "PATCH");
    }
    model.begun = std::max(model.begun, own);
    const std::uint64_t let = ++model.asked;
    if (at > 0) {
        world_.tally.saw(Seen::stream_resumed);
    }
    return transfer(
        process,
        model,
        manner,
        {*std::move(append), let, nobody_came && let == own + 1, count, in_doubt}
    );
}

Result<Upload> Streamer::transfer(
    Process& process, StreamModel& model, Manner manner, Transfer transfer
) {
    std::uint64_t left = transfer.count;
    while (left > 0) {
        const std::uint64_t size =
            manner.is_all && random().one_in(2) ? left : random().between(1, left);
        left -= size;
        if (auto stored = store(process, model, manner, transfer, size); !stored) {
            return std::move(stored).error();
        }
        if (manner.goes_away && random().one_in(2)) {
            return Error{.code = ErrorCode::body_truncated};
        }
    }
    pause(manner);
    auto ended = process.streams.finish(std::move(transfer.append));
    if (!ended) {
        return taken_over_or_judged(model, transfer, ended.error());
    }
    return ended;
}

void Streamer::pause(const Manner& manner) {
    if (manner.is_slow) {
        world_.scheduler.sleep(milliseconds(random().below(random().one_in(10) ? 20'000 : 30)));
    }
}

Result<void> Streamer::store(
    Process& process, StreamModel& model, Manner manner, Transfer& transfer, std::uint64_t size
) {
    const std::uint64_t at = transfer.append.at().value;
    auto piece = process.streams.begin_piece(transfer.append, ByteCount{size});
    if (!piece) {
        return judged(model, piece.error(), "a piece");
    }
    const auto bytes = bytes_for(size);
    const std::span all(bytes);
    const std::size_t half = random().below(bytes.size() + 1);
    for (const auto part : {all.first(half), all.subspan(half)}) {
        if (auto written = part.empty() ? ok() : piece->write(part); !written) {
            return judged(model, written.error(), "bytes");
        }
        pause(manner);
    }
    const bool was_over = model.begun > transfer.let;
    transfer.in_doubt = model.sent.size();
    model.sent.push_back({.at = at, .bytes = bytes, .wish = {.pending = 1}});
    const std::size_t number = transfer.in_doubt;
    const auto stored = process.streams.store(transfer.append, *std::move(piece));
    if (!stored) {
        return taken_over_or_judged(model, transfer, stored.error());
    }
    transfer.in_doubt = SIZE_MAX;
    settle(model.sent[number].wish, Answer::yes);
    model.told = std::max(model.told, at + size);
    world_.tally.saw(Seen::stream_extended);
    if (was_over) {
        world_.checker.fail(
            "bytes of a request that was taken over were stored: " + model.id.text()
        );
    }
    return ok();
}

Error Streamer::taken_over_or_judged(
    const StreamModel& model, const Transfer& transfer, const Error& error
) {
    const bool is_explained = model.asked > transfer.let || !transfer.was_alone ||
                              model.cancel.is_possible() ||
                              world_.clock.now() >= model.expires_at || world_.gate.was_bad();
    if (error.code != ErrorCode::upload_taken_over || !is_explained) {
        return judged(model, error, "bytes");
    }
    world_.tally.saw(Seen::stream_taken_over);
    return error;
}

Error Streamer::judged(const StreamModel& model, const Error& error, const char* call) {
    if (!is_common(model, error)) {
        unexpected(call, model, error);
    }
    return error;
}

}  // namespace sluice::simulation
