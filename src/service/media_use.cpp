#include "service/media_use.hpp"

#include <algorithm>
#include <array>

#include "media/failure_rows.hpp"
#include "service/refusals.hpp"

namespace sluice {
namespace {

constexpr std::size_t images_max = 4;  // of one post (reference 4.3)

bool is_for_messages(Category category) {
    return category == Category::dm_image || category == Category::dm_gif ||
           category == Category::dm_video;
}

const Upload& upload_of(const Medium& medium) {
    return medium.details.status.upload;
}

// "1349… is tweet_video, 1350… is tweet_image."
std::string kinds_of(const std::vector<Medium>& media) {
    std::string text;
    for (const Medium& medium : media) {
        const Upload& upload = upload_of(medium);
        text += (text.empty() ? "" : ", ") + upload.id.text() + " is " +
                std::string(name_of(upload.category));
    }
    return text + ".";
}

Error combination(std::string facts, const std::vector<Medium>& media) {
    return {
        .code = ErrorCode::media_combination,
        .facts = std::move(facts) + " " + kinds_of(media),
        .media_id = upload_of(media.front()).id.value,
    };
}

std::size_t count_of(const std::vector<Medium>& media, Family family) {
    return static_cast<std::size_t>(std::ranges::count_if(media, [family](const Medium& medium) {
        return family_of(upload_of(medium).category) == family;
    }));
}

// Up to four images, or one GIF, or one video; a message takes one of them.
Result<void> check_kinds(const std::vector<Medium>& media, UsedIn used_in) {
    const std::size_t images = count_of(media, Family::image);
    const std::size_t gifs = count_of(media, Family::gif);
    const std::size_t videos = count_of(media, Family::video);
    if (count_of(media, Family::text) > 0) {
        return combination("Subtitles belong to a video and cannot be used by themselves.", media);
    }
    if (used_in == UsedIn::message && media.size() > 1) {
        return combination(
            "A message takes one medium, " + std::to_string(media.size()) + " were named.", media
        );
    }
    if (images > images_max || gifs > 1 || videos > 1 || (media.size() > 1 && gifs + videos > 0)) {
        return combination(
            "Named are " + std::to_string(images) + " images, " + std::to_string(gifs) +
                " GIFs and " + std::to_string(videos) +
                " videos; a post takes up to four images, or one GIF, or one video.",
            media
        );
    }
    return ok();
}

// What was uploaded for a message is not for a post, and the other way round; what was uploaded
// without a category may go anywhere.
Result<void> check_purpose(const std::vector<Medium>& media, UsedIn used_in) {
    for (const Medium& medium : media) {
        const Upload& upload = upload_of(medium);
        const bool is_message = used_in == UsedIn::message;
        if (upload.category_given && is_for_messages(upload.category) != is_message) {
            return combination(
                is_message ? "A direct message takes media of the categories dm_image, dm_gif and "
                             "dm_video only."
                           : "A post takes no media that was uploaded for direct messages.",
                media
            );
        }
    }
    return ok();
}

// A message's media is used up by it, unless it was uploaded with shared=true (reference 2.3).
Result<void> check_shared(const std::vector<Medium>& media, UsedIn used_in) {
    for (const Medium& medium : media) {
        const auto& claims = medium.attachments.claims;
        const auto used = std::ranges::find_if(claims, [](const MediaClaim& claim) {
            return claim.used_by.starts_with("message:");
        });
        if (used_in == UsedIn::message && used != claims.end() && !medium.attachments.is_shared) {
            return combination(
                "It was sent in " + used->used_by + " at " + rfc3339(used->at) +
                    " already; upload with shared=true what is to be sent several times.",
                media
            );
        }
    }
    return ok();
}

Error not_ready(const UploadStatus& status, WallTime now) {
    const Upload& upload = status.upload;
    const auto advised = status.check_after.value_or(std::chrono::seconds(1));
    const auto left = upload.progress.ends_at && *upload.progress.ends_at > now
                          ? std::chrono::ceil<std::chrono::seconds>(*upload.progress.ends_at - now)
                          : advised;
    return {
        .code = ErrorCode::media_not_ready,
        .facts = upload.id.text() + " is " + std::string(name_of(upload.state)) + ", at " +
                 std::to_string(upload.progress.percent) + " percent; about " +
                 std::to_string(left.count()) + " seconds are left.",
        .media_id = upload.id.value,
        .retry_after = advised,
    };
}

}  // namespace

Result<Medium> MediaUse::usable(const Principal& caller, MediaId id) {
    const auto status = uploads_.status(caller, id);
    if (!status) {
        return status.error();  // also finalize_missing, which is the true cause
    }
    const Upload& upload = status->upload;
    if (uploads_.is_gone(upload)) {
        return gone(upload);
    }
    if (upload.state == UploadState::failed) {
        return Error{
            .code = ErrorCode::media_failed,
            .facts = id.text() + " failed while it was processed: " +
                     whole_text(*upload.failure, upload.category),
            .media_id = id.value,
        };
    }
    if (upload.state != UploadState::ready) {
        return not_ready(*status, uploads_.now());
    }
    return annotations_.look_up(caller, id);
}

Result<std::vector<Medium>> MediaUse::use(const UseMedia& wanted) {
    std::vector<Medium> media;
    std::vector<MediaId> ids;
    for (const MediaId id : wanted.media) {
        if (std::ranges::find(ids, id) != ids.end()) {
            continue;
        }
        auto medium = usable(wanted.caller, id);
        if (!medium) {
            return std::move(medium).error();
        }
        media.push_back(std::move(*medium));
        ids.push_back(id);
    }
    for (const auto check : {check_kinds, check_purpose, check_shared}) {
        if (auto checked = check(media, wanted.used_in); !checked) {
            return std::move(checked).error();
        }
    }
    if (auto admission = admitted(wanted.admission); !admission) {
        return std::move(admission).error();
    }
    if (ids.empty()) {
        return media;
    }
    const std::string kind = wanted.used_in == UsedIn::post ? "post:" : "message:";
    const MediaClaim claim{kind + std::to_string(wanted.user), uploads_.now()};
    if (auto claimed = attachments_.claim(ids, claim); !claimed) {
        return std::move(claimed).error();
    }
    // Kept last: that cannot be taken back.
    if (auto kept = uploads_.keep_all(ids); !kept) {
        static_cast<void>(attachments_.withdraw(ids, claim.used_by));
        return std::move(kept).error();
    }
    return media;
}

}  // namespace sluice
