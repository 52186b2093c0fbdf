#include "protocol/common/annotation_calls.hpp"

#include <algorithm>
#include <utility>

#include "protocol/common/rate_gate.hpp"

namespace sluice::protocol {

using boost::asio::awaitable;

namespace {

void note_media(Exchange& exchange, const std::vector<MediaId>& named, MediaId about) {
    exchange.media_id = about;
    std::vector<MediaId> beside;
    for (const MediaId id : named) {
        if (id != about && std::ranges::find(beside, id) == beside.end()) {
            beside.push_back(id);
        }
    }
    exchange.named_beside = std::move(beside);
}

}  // namespace

awaitable<Result<Attachments>> x_annotate(
    const Context& context, Exchange& exchange, MediaId id, MediaMetadata metadata
) {
    exchange.call = "METADATA";
    const RateGate gate(context, exchange);
    exchange.media_id = id;
    auto wanted = Annotate{
        exchange.caller->principal, id, std::move(metadata.members), metadata.is_shared, &gate
    };
    auto work = [&context, wanted = std::move(wanted)] {
        return context.annotations.annotate(wanted);
    };
    co_return co_await runtime::run_blocking(context.pool, std::move(work));
}

awaitable<Result<Attachments>> x_attach_subtitles(
    const Context& context, Exchange& exchange, SubtitleRequest request
) {
    exchange.call = "SUBTITLES_CREATE";
    const RateGate gate(context, exchange);
    exchange.media_id = request.video;
    auto wanted = AttachSubtitles{
        exchange.caller->principal,
        request.video,
        request.category,
        std::move(request.tracks),
        &gate
    };
    auto work = [&context, wanted = std::move(wanted)] {
        return context.annotations.attach(wanted);
    };
    co_return co_await runtime::run_blocking(context.pool, std::move(work));
}

awaitable<Result<Attachments>> x_detach_subtitles(
    const Context& context, Exchange& exchange, SubtitleRequest request
) {
    exchange.call = "SUBTITLES_DELETE";
    const RateGate gate(context, exchange);
    exchange.media_id = request.video;
    auto wanted = DetachSubtitles{exchange.caller->principal, request.video, {}, &gate};
    for (SubtitleTrack& track : request.tracks) {
        wanted.languages.push_back(std::move(track.language));
    }
    auto work = [&context, wanted = std::move(wanted)] {
        return context.annotations.detach(wanted);
    };
    co_return co_await runtime::run_blocking(context.pool, std::move(work));
}

awaitable<Result<Medium>> x_look_up(const Context& context, Exchange& exchange, MediaId id) {
    exchange.call = "LOOK_UP";
    if (exchange.media_id) {
        exchange.named_beside = std::vector{*exchange.media_id};
    }
    exchange.media_id = id;
    auto work = [&context, caller = exchange.caller->principal, id] {
        return context.annotations.look_up(caller, id);
    };
    co_return co_await runtime::run_blocking(context.reads, std::move(work));
}

awaitable<Result<Used>> x_use(
    const Context& context, Exchange& exchange, std::vector<MediaId> media, UsedIn used_in
) {
    exchange.call = used_in == UsedIn::post ? "POST" : "MESSAGE";
    const std::vector<MediaId> named = media;
    if (!named.empty()) {
        note_media(exchange, named, named.front());
    }
    const std::uint64_t id = context.uploads.next_id();
    const RateGate gate(context, exchange);
    auto wanted = UseMedia{exchange.caller->principal, std::move(media), used_in, id, &gate};
    auto work = [&context, wanted = std::move(wanted)] { return context.media_use.use(wanted); };
    auto used = co_await runtime::run_blocking(context.pool, std::move(work));
    if (!used) {
        // Which of several it is about.
        if (const auto about = used.error().media_id; about != 0) {
            note_media(exchange, named, MediaId{about});
        }
        co_return std::move(used).error();
    }
    co_return Used{id, std::move(*used)};
}

}  // namespace sluice::protocol
