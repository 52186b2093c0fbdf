#include "service/annotations.hpp"

#include <algorithm>

#include "service/refusals.hpp"

namespace sluice {
namespace {

Error about(ErrorCode code, std::string facts, MediaId id) {
    return {.code = code, .facts = std::move(facts), .media_id = id.value};
}

std::string category_text(const Upload& upload) {
    return upload.id.text() + " is " + std::string(name_of(upload.category));
}

Error swapped(const Upload& outside, const Upload& inside) {
    return about(
        ErrorCode::subtitle_ids_swapped,
        inside.id.text() + " is the video, " + outside.id.text() + " the subtitles.",
        inside.id
    );
}

Error not_finalized(const Upload& subtitles) {
    return about(
        ErrorCode::subtitle_invalid,
        "The subtitles " + subtitles.id.text() +
            " are not finalized: " + std::to_string(subtitles.received.value) + " of " +
            std::to_string(subtitles.total.value) +
            " bytes arrived, FINALIZE never did. Expected is an upload that is ready.",
        subtitles.id
    );
}

Error not_there(const std::string& language, const Attachments& all, MediaId video) {
    std::string there;
    for (const SubtitleTrack& track : all.subtitles) {
        there += (there.empty() ? "" : ", ") + track.language;
    }
    return about(
        ErrorCode::subtitle_unknown,
        "language_code is \"" + language + "\"; " +
            (there.empty() ? "the video has no subtitles." : "there are " + there + "."),
        video
    );
}

}  // namespace

Result<Upload> Annotations::alive(const Principal& caller, MediaId id) {
    auto found = uploads_.details(caller, id);
    if (!found) {
        return std::move(found).error();
    }
    Upload& upload = found->status.upload;
    if (upload.owner != caller) {
        return unknown_here(id);  // an additional owner may look, not change
    }
    if (uploads_.is_gone(upload)) {
        return gone(upload);
    }
    return std::move(upload);
}

Result<Attachments> Annotations::annotate(const Annotate& wanted) {
    auto upload = alive(wanted.caller, wanted.id);
    if (!upload) {
        return std::move(upload).error();
    }
    if (auto allowed = admitted(wanted.admission); !allowed) {
        return std::move(allowed).error();
    }
    if (auto stored = attachments_.annotate(wanted.id, wanted.members); !stored) {
        return std::move(stored).error();
    }
    auto all = attachments_.of(wanted.id);
    if (!all || !wanted.is_shared || all->is_shared == *wanted.is_shared) {
        return all;
    }
    all->is_shared = *wanted.is_shared;
    if (auto shared = attachments_.share(wanted.id, all->additional_owners, all->is_shared);
        !shared) {
        return std::move(shared).error();
    }
    return all;
}

std::optional<Error> Annotations::exchanged(const AttachSubtitles& wanted, const Upload& video) {
    for (const SubtitleTrack& track : wanted.tracks) {
        const auto inside = alive(wanted.caller, track.subtitles);
        if (inside && family_of(inside->category) == Family::video) {
            return swapped(video, *inside);
        }
    }
    return std::nullopt;
}

Result<void> Annotations::check_video(const AttachSubtitles& wanted, const Upload& video) {
    const Family family = family_of(video.category);
    if (family == Family::text) {
        if (auto mistake = exchanged(wanted, video)) {
            return *std::move(mistake);
        }
    }
    if (family != Family::video) {
        return about(
            ErrorCode::subtitle_invalid,
            category_text(video) + "; expected is a video, tweet_video or amplify_video.",
            video.id
        );
    }
    if (wanted.category && family_of(*wanted.category) != Family::video) {
        return about(
            ErrorCode::category_type_conflict,
            "media_category is " + std::string(name_of(*wanted.category)) + ", and " +
                category_text(video) + ".",
            video.id
        );
    }
    return ok();
}

Result<void> Annotations::check_track(const Principal& caller, MediaId id) {
    const auto upload = alive(caller, id);
    if (!upload) {
        return upload.error();
    }
    if (family_of(upload->category) != Family::text) {
        return about(
            ErrorCode::subtitle_invalid,
            category_text(*upload) +
                "; expected is an upload with media_category subtitles, a SubRip or WebVTT file.",
            id
        );
    }
    if (upload->state == UploadState::open) {
        return not_finalized(*upload);
    }
    if (upload->state == UploadState::failed) {
        return about(
            ErrorCode::subtitle_invalid,
            "The subtitles " + id.text() + " could not be read: " + upload->failure->message + ".",
            id
        );
    }
    if (upload->state != UploadState::ready) {
        Error refused = about(
            ErrorCode::media_not_ready,
            "The subtitles " + id.text() + " are " + std::string(name_of(upload->state)) + ".",
            id
        );
        refused.retry_after = std::chrono::seconds(1);
        return refused;
    }
    return ok();
}

// From now on they live as long as the video does: it takes them along when it goes.
Result<void> Annotations::keep_all(const AttachSubtitles& wanted) {
    for (const SubtitleTrack& track : wanted.tracks) {
        if (auto kept = uploads_.keep(wanted.caller, track.subtitles); !kept) {
            return std::move(kept).error();
        }
    }
    return ok();
}

// As far as the store goes along; what stays attached in spite of it is kept by the sweep.
void Annotations::take_back(const AttachSubtitles& wanted, const Attachments& before) {
    std::vector<std::string> languages;
    languages.reserve(wanted.tracks.size());
    for (const SubtitleTrack& track : wanted.tracks) {
        languages.push_back(track.language);
    }
    static_cast<void>(attachments_.remove_subtitles(wanted.video, languages));
    if (!before.subtitles.empty()) {
        static_cast<void>(attachments_.add_subtitles(wanted.video, before.subtitles));
    }
}

Result<Attachments> Annotations::attach(const AttachSubtitles& wanted) {
    const auto video = alive(wanted.caller, wanted.video);
    if (!video) {
        return video.error();
    }
    if (auto checked = check_video(wanted, *video); !checked) {
        return std::move(checked).error();
    }
    for (const SubtitleTrack& track : wanted.tracks) {
        if (auto checked = check_track(wanted.caller, track.subtitles); !checked) {
            return std::move(checked).error();
        }
    }
    if (auto allowed = admitted(wanted.admission); !allowed) {
        return std::move(allowed).error();
    }
    const auto before = attachments_.of(wanted.video);
    if (!before) {
        return before.error();
    }
    if (auto added = attachments_.add_subtitles(wanted.video, wanted.tracks); !added) {
        return std::move(added).error();
    }
    if (auto kept = keep_all(wanted); !kept) {
        take_back(wanted, *before);
        return std::move(kept).error();
    }
    uploads_.drop_detached(before->subtitles);
    return attachments_.of(wanted.video);
}

Result<Attachments> Annotations::detach(const DetachSubtitles& wanted) {
    const auto video = alive(wanted.caller, wanted.video);
    if (!video) {
        return video.error();
    }
    const auto before = attachments_.of(wanted.video);
    if (!before) {
        return before.error();
    }
    for (const std::string& language : wanted.languages) {
        const auto& tracks = before->subtitles;
        if (std::ranges::find(tracks, language, &SubtitleTrack::language) == tracks.end()) {
            return not_there(language, *before, wanted.video);
        }
    }
    if (auto allowed = admitted(wanted.admission); !allowed) {
        return std::move(allowed).error();
    }
    auto removed = attachments_.remove_subtitles(wanted.video, wanted.languages);
    // Another call may have removed it meanwhile: it is gone, as was wanted.
    if (!removed && removed.error().code != ErrorCode::store_not_found) {
        return std::move(removed).error();
    }
    uploads_.drop_detached(before->subtitles);
    return attachments_.of(wanted.video);
}

Result<Medium> Annotations::look_up(const Principal& caller, MediaId id) {
    auto medium = describe(caller, id);
    if (medium && uploads_.is_gone(medium->details.status.upload)) {
        return gone(medium->details.status.upload);
    }
    return medium;
}

Result<Medium> Annotations::describe(const Principal& caller, MediaId id) {
    auto details = uploads_.details(caller, id);
    if (!details) {
        return std::move(details).error();
    }
    auto attachments = attachments_.of(id);
    if (!attachments) {
        return std::move(attachments).error();
    }
    return Medium{std::move(*details), std::move(*attachments)};
}

}  // namespace sluice
