#include "client/uploader.hpp"

#include <algorithm>
#include <utility>

#include "client/api.hpp"
#include "client/upload_failures.hpp"
#include "client/upload_session.hpp"

namespace sluice::client {
namespace {

// What an open upload may be told to begin again for: a smaller segment (4 MiB halved down to 64
// KiB), or an id that the server forgot.
constexpr int beginnings_max = 8;
constexpr std::uint64_t chunk_size_min = 64U << 10;
// What X takes in one segment; Sluice takes more, and says so by accepting it.
constexpr std::uint64_t chunk_size_of_x = 5U << 20;
// STATUS without check_after_secs: X's own clients wait 5 s.
constexpr auto check_after_unsaid = std::chrono::seconds(5);

std::unique_ptr<StreamDialect> stream_of(const UploadSettings& settings) {
    if (settings.protocol == Protocol::tus) {
        return make_tus(settings.server);
    }
    return settings.protocol == Protocol::rufh ? make_rufh(settings.server) : nullptr;
}

// For the subtitles' own upload: the bars are those of the video.
class SilentObserver final : public Observer {
  public:
    void on(const Event&) override {}
};

// 0 stays what it is: the usual size, which X takes.
std::uint64_t chunk_wanted_at(const std::string& server, std::uint64_t wanted) {
    return is_host_of_x(server) ? std::min(wanted, chunk_size_of_x) : wanted;
}

bool is_done(const Media& media) {
    return !media.processing || media.processing->state == "succeeded";
}

}  // namespace

Uploader::Uploader(Surroundings& around, ResumeStore& store, Observer& observer)
    : around_(around), store_(store), observer_(observer) {}

Uploader::Session Uploader::session_for(
    const LocalFile& file, UploadSettings settings, Observer& observer
) {
    return Session{
        .file = file,
        .settings = settings,
        .dialect =
            settings.protocol == Protocol::x1 ? make_x1(settings.server) : make_x2(settings.server),
        .stream = stream_of(settings),
        .key =
            {.path = file.path(),
             .size = file.size(),
             .modified_ns = file.modified_ns(),
             .target = settings.server,
             .protocol = std::string(name_of(settings.protocol))},
        .caller = Caller(around_, observer, settings.timeout)
    };
}

Outcome<UploadResult> Uploader::upload(const LocalFile& file, UploadSettings settings) {
    settings.chunk_size = chunk_wanted_at(settings.server, settings.chunk_size);
    auto session = session_for(file, std::move(settings), observer_);
    auto result = run(session);
    if (result) {
        session.caller.tell(Ready{*result});
    } else {
        result.error().media_id = session.caller.media_id();
        session.caller.tell(Failed{result.error()});
    }
    return result;
}

Outcome<UploadResult> Uploader::run(Session& session) {
    const auto media = transfer(session);
    if (!media) {
        return media.error();
    }
    session.caller.tell(Sent{.bytes_total = session.file.size()});
    if (auto annotated = annotate(session, media->media_id); !annotated) {
        return annotated.error();
    }
    if (!session.settings.waits) {
        store_.erase(session.key);
        auto result = UploadResult{.media_id = media->media_id, .media_key = media->media_key};
        result.state = is_done(*media) ? "ready" : "processing";
        result.size_bytes = session.file.size();
        return result;
    }
    auto waited = wait(session, *media);
    if (waited || waited.error().kind == FailureKind::processing) {
        store_.erase(session.key);
    }
    if (!waited) {
        return waited.error();
    }
    return result_of(session, *media);
}

Outcome<Media> Uploader::transfer(Session& session) {
    for (;;) {
        auto media = transfer_once(session);
        if (media || !starts_anew(session, media.error())) {
            return media;
        }
    }
}

Outcome<Media> Uploader::transfer_once(Session& session) {
    if (session.stream) {
        return transfer_stream(session);
    }
    if (auto begun = begin(session); !begun) {
        return begun.error();
    }
    if (auto sent = send(session); !sent) {
        return sent.error();
    }
    if (session.file.has_changed()) {
        store_.erase(session.key);
        return changed_failure();
    }
    return finalize(session);
}

// Continues what the store remembers, the first time; else INIT.
Outcome<void> Uploader::begin(Session& session) {
    const bool is_first = session.beginnings++ == 0;
    auto known = is_first ? store_.load(session.key) : std::nullopt;
    const auto& settings = session.settings;
    session.was_resumed =
        known && known->media_type == settings.media_type && known->category == settings.category;
    if (session.was_resumed) {
        session.state = std::move(*known);
        session.settings.chunk_size = session.state.chunk_size;
    } else if (auto begun = init(session); !begun) {
        return begun;
    }
    session.caller.has_begun(session.state.media_id);
    const auto plan = session.plan();
    session.caller.tell(Started{
        .bytes_total = plan.total,
        .bytes_acknowledged = plan.bytes_of(session.state.acknowledged),
        .segments = plan.count(),
        .resumed = session.was_resumed
    });
    return {};
}

Outcome<void> Uploader::init(Session& session) {
    const auto& settings = session.settings;
    const auto facts = InitFacts{
        .total_bytes = session.file.size(),
        .media_type = settings.media_type,
        .category = settings.category
    };
    const auto answer = session.caller.call("INIT", session.dialect->init(facts));
    if (!answer) {
        return answer.error();
    }
    const auto media = parse_media(answer->body);
    if (!media) {
        return unreadable_answer("INIT");
    }
    session.state = {
        .media_id = media->media_id,
        .chunk_size = plan_segments(session.file.size(), settings.chunk_size).chunk_size,
        .acknowledged = {},
        .media_type = settings.media_type,
        .category = settings.category
    };
    static_cast<void>(store_.save(session.key, session.state));
    return {};
}

Outcome<void> Uploader::send(Session& session) {
    if (session.is_late()) {
        return timeout_failure();
    }
    auto parts = SegmentSender::Parts{
        .caller = session.caller,
        .dialect = *session.dialect,
        .file = session.file,
        .store = store_,
        .key = session.key,
        .parallel = session.settings.parallel,
        .is_late = [&session] { return session.is_late(); }
    };
    auto sender = SegmentSender(std::move(parts), session.plan(), session.state);
    auto sent = sender.send();
    if (!sent && sender.was_late()) {
        return timeout_failure();
    }
    return sent;
}

// What the server misses although it had acknowledged it is sent once more.
Outcome<Media> Uploader::finalize(Session& session) {
    auto media = finalize_once(session);
    if (media || !misses_bytes(media.error())) {
        return media;
    }
    forget_missing(session);
    if (auto sent = send(session); !sent) {
        return sent.error();
    }
    return finalize_once(session);
}

Outcome<Media> Uploader::finalize_once(Session& session) {
    const auto request = session.dialect->finalize(session.state.media_id);
    const auto answer = session.caller.call("FINALIZE", request);
    if (!answer) {
        return answer.error();
    }
    auto media = parse_media(answer->body);
    if (!media) {
        return unreadable_answer("FINALIZE");
    }
    return std::move(*media);
}

// The indexes come from the upload object; if it lists none, every segment is sent again, which
// changes nothing for those that are there.
void Uploader::forget_missing(Session& session) {
    const auto upload = Api(session.caller, session.settings.server).upload(session.state.media_id);
    if (!upload || upload->missing.empty()) {
        session.state.acknowledged.clear();
        return;
    }
    for (const auto index : upload->missing) {
        session.state.acknowledged.erase(index);
    }
}

bool Uploader::starts_anew(Session& session, const Failure& failure) {
    if (session.beginnings >= beginnings_max) {
        return false;
    }
    if (failure.kind == FailureKind::not_found && session.was_resumed) {
        store_.erase(session.key);
        return true;
    }
    const bool has_begun = !session.state.media_id.empty();
    const bool too_large = failure.status == 413 && failure.code != "beyond_total_bytes" &&
                           failure.code != "file_too_large";
    if (!has_begun || !too_large) {
        return false;
    }
    const auto half = session.state.chunk_size / 2;
    const auto allowed = plan_segments(session.file.size(), half).chunk_size;
    if (half < chunk_size_min || allowed != half) {
        return false;
    }
    session.settings.chunk_size = half;
    session.state = {};
    store_.erase(session.key);
    return true;
}

Outcome<void> Uploader::annotate(Session& session, const std::string& media_id) {
    const auto& wanted = session.settings.annotations;
    if (!wanted.alt_text.empty()) {
        const auto request = session.dialect->alt_text(media_id, wanted.alt_text);
        if (const auto answer = session.caller.call("ALT_TEXT", request); !answer) {
            return answer.error();
        }
    }
    return wanted.subtitles ? add_subtitles(session, media_id) : Outcome<void>();
}

Outcome<void> Uploader::add_subtitles(Session& session, const std::string& video_id) {
    const auto& file = *session.settings.annotations.subtitles;
    const auto subtitles_id = upload_subtitles(session, file.path);
    if (!subtitles_id) {
        return subtitles_id.error();
    }
    const auto facts = SubtitleFacts{
        .video_id = video_id,
        .subtitles_id = *subtitles_id,
        .language = file.language,
        .is_amplify_video = session.settings.category == "amplify_video"
    };
    const auto answer = session.caller.call("SUBTITLES", session.dialect->subtitles(facts));
    if (!answer) {
        return answer.error();
    }
    return {};
}

// An upload like any other, to its end.
Outcome<std::string> Uploader::upload_subtitles(Session& video, const std::string& path) {
    const auto file = LocalFile::open(path);
    if (!file) {
        return file.error();
    }
    auto settings = video.settings;
    settings.media_type = path.ends_with(".vtt") ? "text/vtt" : "text/srt";
    settings.category = "subtitles";
    settings.annotations = {};
    settings.timeout = video.time_left();
    SilentObserver observer;
    auto session = session_for(*file, std::move(settings), observer);
    session.caller.has_begun({});  // the video has
    const auto media = transfer(session);
    if (!media) {
        return media.error();
    }
    const auto waited = wait(session, *media);
    store_.erase(session.key);
    if (!waited) {
        return waited.error();
    }
    return media->media_id;
}

Outcome<void> Uploader::wait(Session& session, Media media) {
    while (!is_done(media)) {
        const auto& processing = *media.processing;
        session.caller.tell(StatusKnown{processing});
        if (processing.state == "failed") {
            return processing_failure(processing);
        }
        Milliseconds pause = processing.check_after.value_or(check_after_unsaid);
        if (const auto& timeout = session.settings.timeout) {
            pause = std::min(pause, std::max(Milliseconds(0), *timeout - session.caller.elapsed()));
        }
        around_.timer.wait(pause, around_.stop);
        if (around_.stop.load()) {
            return interrupted_failure();
        }
        if (session.is_late()) {
            return timeout_failure();
        }
        auto asked = ask(session);
        if (!asked) {
            return asked.error();
        }
        media.processing = std::move(*asked);
    }
    if (media.processing) {
        session.caller.tell(StatusKnown{*media.processing});
    }
    return {};
}

Outcome<Processing> Uploader::ask(Session& session) {
    const auto answer =
        session.caller.call("STATUS", session.dialect->status(session.state.media_id));
    if (!answer) {
        return answer.error();
    }
    auto media = parse_media(answer->body);
    if (!media || !media->processing) {
        return unreadable_answer("STATUS");
    }
    return std::move(*media->processing);
}

Outcome<UploadResult> Uploader::result_of(Session& session, const Media& media) {
    auto plain = UploadResult{
        .media_id = media.media_id,
        .media_key = media.media_key,
        .state = "ready",
        .size_bytes = session.file.size(),
        .outputs = {}
    };
    if (!session.is_at_sluice) {
        const auto& url = session.state.url;
        plain.outputs.push_back({"upload", url, session.settings.media_type, plain.size_bytes});
    }
    if (is_host_of_x(session.settings.server) || !session.is_at_sluice) {
        return plain;
    }
    auto view = Api(session.caller, session.settings.server).upload(media.media_id);
    // A server that has no such call, as X behind another name: the media is ready all the same.
    const bool has_no_view = !view && view.error().status == 404 && view.error().doc_url.empty();
    if (has_no_view) {
        return plain;
    }
    if (!view) {
        return view.error();
    }
    return UploadResult{
        .media_id = media.media_id,
        .media_key = view->media_key.empty() ? media.media_key : view->media_key,
        .state = view->state,
        .size_bytes = view->size_bytes,
        .outputs = std::move(view->outputs)
    };
}

}  // namespace sluice::client
