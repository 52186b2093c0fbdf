// The use case of using media: a post or a direct message names media ids; they are checked against
// each other and against what they were uploaded for, and claimed, so that they do not expire.
// Nothing is published. Plain blocking code, any thread.
#pragma once

#include <vector>

#include "service/admission.hpp"
#include "service/annotations.hpp"

namespace sluice {

enum class UsedIn : std::uint8_t { post, message };

struct UseMedia {
    Principal caller;
    std::vector<MediaId> media;
    UsedIn used_in = UsedIn::post;
    std::uint64_t user = 0;                // number of the post or message, once it exists
    const Admission* admission = nullptr;  // asked last; none: nobody is
};

class MediaUse {
  public:
    MediaUse(Uploads& uploads, Annotations& annotations, AttachmentStore& attachments)
        : uploads_(uploads), annotations_(annotations), attachments_(attachments) {}

    // The media in the order of their ids, each once. Errors, the first cause of the first id:
    // media_unknown, media_expired, media_canceled, finalize_missing, media_not_ready (with
    // retry_after), media_failed; then media_combination.
    Result<std::vector<Medium>> use(const UseMedia& wanted);

  private:
    Result<Medium> usable(const Principal& caller, MediaId id);

    Uploads& uploads_;
    Annotations& annotations_;
    AttachmentStore& attachments_;
};

}  // namespace sluice
