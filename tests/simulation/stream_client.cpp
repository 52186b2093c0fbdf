// Clients of streams: they append at the end, slowly and several at once, go away in the middle, ask how far
// it is, join parts, and are answered or not. Each answer is judged by what is known.
#include <algorithm>

#include "actors.hpp"
#include "base/error_catalogue.hpp"

namespace sluice::simulation {
namespace {

using std::chrono::milliseconds;

class Streamer {
  public:
    explicit Streamer(World& world) : world_(world) {}

    void run() {
        for (std::size_t i = 0; i < world_.options.calls_each; ++i) {
            world_.scheduler.sleep(milliseconds(random().below(random().one_in(12) ? 40'000 : 20)));
            call();
        }
    }

    // The rest of it, from where the server says it is.
    void complete(StreamModel& model) {
        for (int round = 0; round < 4 && !model.is_complete && is_live(model); ++round) {
            append(model, {.is_all = true});
        }
        const bool has_room = world_.options.capacity.value == 1ULL << 40;
        const bool may_fail = !has_room || world_.checker.is_suspect(model.id);
        if (!model.is_complete && is_live(model) && !may_fail) {
            world_.checker.fail("a stream cannot be completed: " + model.id.text());
        }
    }

    bool is_live(const StreamModel& model) const {
        return !model.is_abandoned && !model.cancel.is_possible() &&
               world_.clock.now() + std::chrono::hours(1) / 2 < model.expires_at;
    }

  private:
    struct Manner {
        bool is_all = false;       // else a piece or two
        bool asks_first = true;    // else the offset is guessed
        bool goes_away = false;    // in the middle of a piece
        bool is_slow = false;      // others come in between
        bool tells_length = true;  // of the body
    };

    // A request, until it is answered or its process dies.
    class Running {
      public:
        explicit Running(StreamModel& model) : model_(model) { ++model_.running; }
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running() { --model_.running; }

      private:
        StreamModel& model_;
    };

    Random& random() { return world_.random; }

    StreamModel* some(bool is_part) {
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

    void call() {
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

    Manner some_manner() {
        return {
            .is_all = random().one_in(3),
            .asks_first = !random().one_in(5),
            .goes_away = random().one_in(8),
            .is_slow = random().one_in(2),
            .tells_length = !random().one_in(4),
        };
    }

    // --- what explains a refusal ---
    bool is_weather(const Error& error) const {
        const bool is_small = world_.options.capacity.value < (1ULL << 40);
        return (error.code == ErrorCode::storage_failed && world_.gate.was_bad()) ||
               (error.code == ErrorCode::storage_full && (world_.gate.was_bad() || is_small));
    }

    bool is_common(const StreamModel& model, const Error& error) const {
        switch (error.code) {
            case ErrorCode::media_canceled:
                return model.cancel.is_possible();
            case ErrorCode::media_expired:
                return world_.clock.now() >= model.expires_at;
            case ErrorCode::media_unknown:
            case ErrorCode::media_id_rounded:
                return model.is_abandoned;
            default:
                return is_weather(error);
        }
    }

    void unexpected(const char* call, const StreamModel& model, const Error& error) {
        world_.checker.fail(
            std::string(call) + " of the stream " + model.id.text() + " was refused with " +
            std::string(entry_of(error.code).slug) + ", and nothing explains it. " + error.facts +
            " " + error.detail
        );
    }

    bool has_quota() const {
        const Quota& quota = world_.options.quota;
        return quota.uploads_open_max > 0 || quota.bytes_max.value > 0;
    }

    // --- calls ---
    void create() {
        StreamModel model{.owner = {"ann"}, .total = random().between(1, 200)};
        model.kind = random().one_in(3) ? UploadKind::part : UploadKind::stream;
        model.ends_by_word = model.kind == UploadKind::stream && random().one_in(3);
        model.is_deferred = random().one_in(4);
        CreateStream wanted{.owner = model.owner, .kind = model.kind, .media_type = "video/mp4"};
        wanted.ends_at_length = !model.ends_by_word;
        if (!model.is_deferred) {
            wanted.length = ByteCount{model.total};
        }
        const auto made =
            world_.ask([&](Process& process) { return process.streams.create(wanted); });
        note_created(made, std::move(model));
    }

    void note_created(const std::optional<Result<Upload>>& made, StreamModel model) {
        if (!made || (!*made && is_weather(made->error()))) {
            world_.checker.nobody_knows();
        } else if (!*made) {
            const bool is_quota = made->error().code == ErrorCode::too_many_open_uploads ||
                                  made->error().code == ErrorCode::quota_exceeded;
            if (!is_quota || !has_quota()) {
                unexpected("the creation", model, made->error());
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

    std::vector<std::byte> content_of_parts(const StreamModel& model) {
        std::vector<std::byte> all;
        for (const MediaId part : model.parts) {
            const auto bytes = world_.checker.content_of(part).value_or(std::vector<std::byte>());
            all.insert(all.end(), bytes.begin(), bytes.end());
        }
        return all;
    }

    // Parts that are whole, and stay: what was joined must be their bytes.
    void join() {
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

    // How far it is, and going on from there is accepted if nobody else came.
    void look(StreamModel& model) {
        const std::uint64_t told = model.told;
        const auto found = world_.ask([&](Process& process) {
            return process.streams.find(model.owner, model.id);
        });
        if (found && *found) {
            note_offset(model, told, (*found)->received.value);
        } else if (found && !is_common(model, found->error())) {
            unexpected("HEAD", model, found->error());
        }
        world_.checker.check(model.id);
    }

    // `before`: what had been told when it was asked.
    void note_offset(StreamModel& model, std::uint64_t before, std::uint64_t offset) {
        if (offset < before && model.told >= before) {
            world_.checker.fail("the offset of " + model.id.text() + " has fallen");
        }
        // A relaxed one may fall with the power; then `told` fell with it.
        const auto row = world_.journal.rows().find_any(model.id);
        if (row && row->upload.received.value >= offset) {
            model.told = std::max(model.told, offset);
        }
    }

    void cancel(StreamModel& model) {
        ++model.cancel.pending;
        const auto done = world_.ask([&](Process& process) {
            return process.streams.cancel(model.owner, model.id);
        });
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

    std::vector<std::byte> bytes_for(std::uint64_t count) {
        std::vector<std::byte> bytes(count);
        for (std::byte& byte : bytes) {
            byte = static_cast<std::byte>(0x80U | (random().next() >> 40U));
        }
        if (!bytes.empty()) {
            bytes.front() = std::byte{0xa5};  // no medium that anybody knows
        }
        return bytes;
    }

    void append(StreamModel& model, Manner manner) {
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

    // One request, from its first look to its answer; what it is refused with is judged here. In the
    // process; `in_doubt`: the number of a piece of which no word has come yet, beyond all: none.
    Result<Upload> request(
        Process& process, StreamModel& model, Manner manner, std::size_t& in_doubt
    ) {
        in_doubt = SIZE_MAX;
        const bool is_alone = model.running == 0;
        const Running running(model);
        std::uint64_t at = model.told;
        const std::uint64_t asked_before = model.asked;
        if (manner.asks_first) {
            const std::uint64_t told = model.told;
            const auto found = process.streams.find(model.owner, model.id);
            if (!found) {
                return judged(model, found.error(), "HEAD");
            }
            note_offset(model, told, found->received.value);
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

    struct Transfer {
        StreamAppend append;
        std::uint64_t let;    // when it was let, among all that was asked
        bool was_alone;       // when it began
        std::uint64_t count;  // of bytes
        std::size_t& in_doubt;
    };

    Result<Upload> transfer(
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

    void pause(const Manner& manner) {
        if (manner.is_slow) {
            world_.scheduler.sleep(milliseconds(random().below(random().one_in(10) ? 20'000 : 30)));
        }
    }

    Result<void> store(
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

    Error taken_over_or_judged(
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

    Error judged(const StreamModel& model, const Error& error, const char* call) {
        if (!is_common(model, error)) {
            unexpected(call, model, error);
        }
        return error;
    }

    World& world_;
};

}  // namespace

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
