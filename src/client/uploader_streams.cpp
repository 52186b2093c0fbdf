// How the uploader brings a file by tus or RUFH.
#include <algorithm>
#include <array>

#include "client/api.hpp"
#include "client/stream_sender.hpp"
#include "client/upload_failures.hpp"
#include "client/upload_session.hpp"

namespace sluice::client {

namespace {

constexpr std::array<std::string_view, 4> protocol_names{"x1", "x2", "tus", "rufh"};

}  // namespace

std::string_view name_of(Protocol protocol) {
    return protocol_names[static_cast<std::size_t>(protocol)];
}

std::optional<Protocol> parse_protocol(std::string_view text) {
    const auto* const found = std::ranges::find(protocol_names, text);
    return found == protocol_names.end()
               ? std::nullopt
               : std::optional(static_cast<Protocol>(found - protocol_names.begin()));
}

// Continues what the store remembers, the first time; else a new one.
Outcome<void> Uploader::begin_stream(Session& session, StreamSender& sender) {
    const bool is_first = session.beginnings++ == 0;
    auto known = is_first ? store_.load(session.key) : std::nullopt;
    const auto& settings = session.settings;
    session.was_resumed = known && !known->url.empty() &&
                          known->media_type == settings.media_type &&
                          known->category == settings.category;
    if (session.was_resumed) {
        session.state = std::move(*known);
        session.settings.chunk_size = session.state.chunk_size;
        session.caller.has_begun(session.state.media_id);
        return sender.look();
    }
    session.state = {
        .media_id = {},
        .chunk_size = plan_segments(session.file.size(), settings.chunk_size).chunk_size,
        .acknowledged = {},
        .media_type = settings.media_type,
        .category = settings.category
    };
    return sender.create(
        {.total_bytes = session.file.size(),
         .media_type = settings.media_type,
         .category = settings.category}
    );
}

Outcome<Media> Uploader::transfer_stream(Session& session) {
    auto parts = StreamSender::Parts{
        .caller = session.caller,
        .dialect = *session.stream,
        .file = session.file,
        .store = store_,
        .key = session.key,
        .is_late = [&session] { return session.is_late(); }
    };
    StreamSender sender(std::move(parts), session.state);
    if (auto begun = begin_stream(session, sender); !begun) {
        return begun.error();
    }
    session.caller.has_begun(session.state.media_id);
    session.caller.tell(Started{
        .bytes_total = session.file.size(),
        .bytes_acknowledged = sender.offset(),
        .segments = session.plan().count(),
        .resumed = session.was_resumed
    });
    auto sent = sender.send();
    if (session.file.has_changed()) {  // perhaps while the last piece was sent
        store_.erase(session.key);
        return changed_failure();
    }
    if (!sent) {
        return sender.was_late() ? timeout_failure() : sent.error();
    }
    session.is_at_sluice = sender.is_at_sluice();
    return media_of_stream(session);
}

// The protocols end with the last byte; what becomes of it STATUS tells.
Outcome<Media> Uploader::media_of_stream(Session& session) {
    const auto& id = session.state.media_id;
    if (!session.is_at_sluice) {
        return Media{.media_id = id, .size = session.file.size()};
    }
    const auto answer = session.caller.call("STATUS", session.dialect->status(id));
    if (!answer) {
        return answer.error();
    }
    auto media = parse_media(answer->body);
    if (!media) {
        return unreadable_answer("STATUS");
    }
    return std::move(*media);
}

}  // namespace sluice::client
