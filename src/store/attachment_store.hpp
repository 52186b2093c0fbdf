// AttachmentStore: where it is written down what hangs on an upload besides its bytes
// (core/attachments.hpp). Plain blocking calls from any thread; each changing call is one atomic,
// durable commit. It does not know whether an upload exists: whoever writes has looked, and the
// sweep calls forget(). Engines: sqlite/, memory/ (tests); both pass store/attachment_store_suite.
//
// Errors: store_not_found where it is said; storage_full, storage_failed.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "core/attachments.hpp"

namespace sluice {

class AttachmentStore {
  public:
    virtual ~AttachmentStore() = default;

    // All of one upload; an empty value if nothing hangs on it.
    virtual Result<Attachments> of(MediaId id) = 0;
    virtual Result<bool> is_additional_owner(MediaId id, const Principal& who) = 0;

    // Replaces what was said before.
    virtual Result<void> share(
        MediaId id, const std::vector<Principal>& additional_owners, bool is_shared
    ) = 0;
    // Adds the members, or replaces those of the same name; others stay.
    virtual Result<void> annotate(
        MediaId id, const std::map<std::string, std::string>& members
    ) = 0;
    // A track replaces the one of the same language.
    virtual Result<void> add_subtitles(MediaId video, const std::vector<SubtitleTrack>& tracks) = 0;
    // All of the languages, or none and store_not_found if one is not there.
    virtual Result<void> remove_subtitles(
        MediaId video, const std::vector<std::string>& languages
    ) = 0;
    // Whether any video has these subtitles.
    virtual Result<bool> are_attached(MediaId subtitles) = 0;
    // All in one; a claim that is there already stays as it is.
    virtual Result<void> claim(const std::vector<MediaId>& media, const MediaClaim& claim) = 0;

    // What was claimed for this use is not, after all; what is not there does not matter.
    virtual Result<void> withdraw(
        const std::vector<MediaId>& media, const std::string& used_by
    ) = 0;

    // The upload is gone, and all this with it.
    virtual Result<void> forget(MediaId id) = 0;
};

}  // namespace sluice
