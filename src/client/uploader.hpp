// Uploads one file by X v2 or v1.1: INIT, segments in parallel, FINALIZE, then STATUS as often as
// the server asks for; or by tus or RUFH: a creation, one piece after the other, then STATUS. An upload that was interrupted continues under the same media id. Blocking;
// one upload per Uploader and call. All it does is told to the observer; it prints nothing. Cleans
// up its resume state when the upload is over.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "client/annotations.hpp"
#include "client/caller.hpp"
#include "client/dialect.hpp"
#include "client/local_file.hpp"
#include "client/resume_store.hpp"
#include "client/segments.hpp"

namespace sluice::client {

enum class Protocol : std::uint8_t { x1, x2, tus, rufh };

std::string_view name_of(Protocol protocol);
std::optional<Protocol> parse_protocol(std::string_view text);

struct UploadSettings {
    std::string server;  // without a slash at its end
    Protocol protocol = Protocol::x2;
    std::string media_type;
    std::string category;
    std::uint64_t chunk_size = 0;  // 0: by the size of the file
    unsigned parallel = 4;
    bool waits = true;  // for processing
    Annotations annotations;
    // From the start of the upload; what the server has begun goes on without us.
    std::optional<Milliseconds> timeout;
};

class StreamSender;

class Uploader {
  public:
    Uploader(Surroundings& around, ResumeStore& store, Observer& observer);

    Outcome<UploadResult> upload(const LocalFile& file, UploadSettings settings);

  private:
    struct Session;

    Session session_for(const LocalFile& file, UploadSettings settings, Observer& observer);
    Outcome<UploadResult> run(Session& session);
    Outcome<Media> transfer(Session& session);
    Outcome<Media> transfer_once(Session& session);
    Outcome<void> begin(Session& session);
    Outcome<void> init(Session& session);
    Outcome<void> send(Session& session);
    Outcome<Media> finalize(Session& session);
    Outcome<Media> finalize_once(Session& session);
    Outcome<void> begin_stream(Session& session, StreamSender& sender);
    Outcome<Media> transfer_stream(Session& session);
    Outcome<Media> media_of_stream(Session& session);
    void forget_missing(Session& session);
    bool starts_anew(Session& session, const Failure& failure);
    Outcome<void> annotate(Session& session, const std::string& media_id);
    Outcome<void> add_subtitles(Session& session, const std::string& video_id);
    Outcome<std::string> upload_subtitles(Session& session, const std::string& path);
    Outcome<void> wait(Session& session, Media media);
    Outcome<Processing> ask(Session& session);
    Outcome<UploadResult> result_of(Session& session, const Media& media);

    Surroundings& around_;
    ResumeStore& store_;
    Observer& observer_;
};

}  // namespace sluice::client
