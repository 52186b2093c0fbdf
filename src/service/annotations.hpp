// The use cases of what hangs on an upload: words, subtitles, and the look-up that shows them. Like
// Uploads: plain blocking code, any thread, no HTTP.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/attachments.hpp"
#include "service/uploads.hpp"
#include "store/attachment_store.hpp"

namespace sluice {

struct Annotate {
    Principal caller;
    MediaId id;
    std::map<std::string, std::string> members;  // X's names, values as checked JSON
    std::optional<bool> is_shared;               // of shared_info, if it came
    const Admission* admission = nullptr;
};

struct AttachSubtitles {
    Principal caller;
    MediaId video;
    std::optional<Category> category;  // as the caller thinks
    std::vector<SubtitleTrack> tracks;
    const Admission* admission = nullptr;
};

struct DetachSubtitles {
    Principal caller;
    MediaId video;
    std::vector<std::string> languages;  // in upper case
    const Admission* admission = nullptr;
};

// An upload with everything that is known about it.
struct Medium {
    UploadDetails details;
    Attachments attachments;
};

class Annotations {
  public:
    Annotations(Uploads& uploads, AttachmentStore& attachments)
        : uploads_(uploads), attachments_(attachments) {}

    // Any time between INIT and the end of the upload. What hangs on it afterwards. Errors:
    // media_unknown, media_expired, media_canceled.
    Result<Attachments> annotate(const Annotate& wanted);

    // All tracks or none. Errors: subtitle_ids_swapped, subtitle_invalid, media_not_ready,
    // category_type_conflict, and those of annotate.
    Result<Attachments> attach(const AttachSubtitles& wanted);
    // The subtitles' own uploads are cancelled, as X deletes them. Errors: subtitle_unknown with the
    // languages that are there.
    Result<Attachments> detach(const DetachSubtitles& wanted);

    // For the owner and the additional owners, in any state. Errors: media_unknown.
    Result<Medium> describe(const Principal& caller, MediaId id);
    // The same of what is not over. Errors also: media_expired, media_canceled.
    Result<Medium> look_up(const Principal& caller, MediaId id);

  private:
    // The caller's own upload that is not over.
    Result<Upload> alive(const Principal& caller, MediaId id);
    // Perhaps the ids are exchanged: then what one of the tracks names is a video.
    std::optional<Error> exchanged(const AttachSubtitles& wanted, const Upload& video);
    Result<void> check_video(const AttachSubtitles& wanted, const Upload& video);
    Result<void> check_track(const Principal& caller, MediaId subtitles);
    Result<void> keep_all(const AttachSubtitles& wanted);
    void take_back(const AttachSubtitles& wanted, const Attachments& before);

    Uploads& uploads_;
    AttachmentStore& attachments_;
};

}  // namespace sluice
