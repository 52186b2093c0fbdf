#include <algorithm>

#include "base/digest.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "media/hls_playlist.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

// Of what is read whole because it names other files; playlists of hours are far below.
constexpr std::uint64_t text_bytes_max = 4 * 1024 * 1024;

constexpr int fetches_max = 2;

constexpr std::string_view playlist_type = "application/vnd.apple.mpegurl";
constexpr std::string_view subtitles_prefix = "subtitles-";
constexpr std::string_view playlist_ending = ".m3u8";

Error unknown(MediaId id, const std::string& name) {
    return {
        .code = ErrorCode::output_unknown,
        .facts = "Nothing named \"" + printable(name) + "\" is there for these credentials.",
        .media_id = id.value,
    };
}

Error original_is_gone(MediaId id) {
    return {
        .code = ErrorCode::output_unknown,
        .facts =
            "The original is not kept here: it was deleted when everything had been made of it "
            "(retention.original=delete).",
        .media_id = id.value,
    };
}

bool names_others(const Output& output) {
    const bool is_index = output.role == OutputRole::storyboard && output.width == 0;
    return output.content_type == playlist_type || is_index;
}

// "EN" -> "en", "PT-BR" -> "pt-BR": as BCP 47 writes them.
std::string language_tag(std::string_view language) {
    std::string tag(language);
    const auto end = std::min(tag.find('-'), tag.size());
    std::transform(
        tag.begin(),
        tag.begin() + static_cast<std::ptrdiff_t>(end),
        tag.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
    );
    return tag;
}

std::string playlist_of(const SubtitleTrack& track) {
    return std::string(subtitles_prefix) + track.subtitles.text() + std::string(playlist_ending);
}

// The subtitles whose playlist has this name; nothing if it is no such name.
std::optional<MediaId> subtitles_named(std::string_view name) {
    if (!name.starts_with(subtitles_prefix) || !name.ends_with(playlist_ending)) {
        return std::nullopt;
    }
    name.remove_prefix(subtitles_prefix.size());
    name.remove_suffix(playlist_ending.size());
    const auto id = parse_unsigned(name);
    return id ? std::optional(MediaId{*id}) : std::nullopt;
}

Delivered text_file(std::string text, std::string content_type, WallTime changed_at) {
    return {
        .layout = {},
        .size = {text.size()},
        .content_type = std::move(content_type),
        .file_name = "",
        .tag = "",  // of what is sent in the end
        .changed_at = changed_at,
        .text = std::move(text),
    };
}

bool is_as_made(const Output& output, const std::string& text) {
    const bool is_whole = text.size() == output.extent.length.value;
    return !is_whole || !output.crc32c || crc32c(std::as_bytes(std::span(text))) == *output.crc32c;
}

// What has changed may have changed on its way from the store: then it is right the second time.
Result<std::string> whole_text(BlobStore& blobs, const Output& output) {
    std::string text(std::min(output.extent.length.value, text_bytes_max), '\0');
    for (int left = fetches_max; left > 0; --left) {
        const auto bytes = std::as_writable_bytes(std::span(text));
        if (auto read = blobs.read(output.extent, {0}, bytes); !read) {
            return std::move(read).error();
        }
        if (is_as_made(output, text)) {
            return text;
        }
        log::warning(
            "output_differs", "what was read is not what was made", {{"file", output.name}}
        );
    }
    return Error{
        .code = ErrorCode::storage_failed, .detail = "the checksum of " + output.name + " differs"
    };
}

// What of a video is made when it is asked for: its subtitles came later than its outputs.
Result<Delivered> playlist_of_subtitles(
    AttachmentStore& attachments,
    const Upload& upload,
    const std::vector<Output>& outputs,
    MediaId subtitles,
    const std::string& name
) {
    auto attached = attachments.of(upload.id);
    if (!attached) {
        return std::move(attached).error();
    }
    const auto track = std::ranges::find(attached->subtitles, subtitles, &SubtitleTrack::subtitles);
    const auto film = std::ranges::find(outputs, OutputRole::track, &Output::role);
    if (track == attached->subtitles.end() || film == outputs.end()) {
        return unknown(upload.id, name);
    }
    const std::string uri = "/media/" + std::to_string(key_number(Category::subtitles)) + "_" +
                            subtitles.text() + "/captions.vtt";
    auto file = text_file(
        subtitle_playlist(uri, static_cast<double>(film->duration_ms) / 1000),
        std::string(playlist_type),
        upload.changed_at
    );
    file.is_of_subtitles = true;
    return file;
}

Result<Delivered> text_of(
    const UploadServices& services, const Upload& upload, const Output& output
) {
    auto text = whole_text(services.blobs, output);
    if (!text) {
        return std::move(text).error();
    }
    if (output.role == OutputRole::playlist) {
        auto attached = services.attachments.of(upload.id);
        if (!attached) {
            return std::move(attached).error();
        }
        std::vector<HlsSubtitles> subtitles;
        for (const auto& track : attached->subtitles) {
            subtitles.push_back(
                {playlist_of(track), language_tag(track.language), track.display_name}
            );
        }
        text = with_subtitles(*text, subtitles);
    }
    return text_file(
        *std::move(text), output.content_type, output.made_at.value_or(upload.changed_at)
    );
}

Delivered original_of(const UploadWithSegments& found) {
    const Upload& upload = found.upload;
    std::vector<SegmentSum> sums;
    for (const auto& [index, segment] : found.segments) {
        sums.push_back({segment.extent.length, segment.crc32c});
    }
    return {
        .layout = layout_of(found.segments),
        .sums = std::move(sums),
        .size = upload.total,
        .content_type = "application/octet-stream",
        .file_name = upload.file_name,
        .tag = upload.id.text() + "-original",
        .is_original = true,
        .changed_at = upload.created_at,
    };
}

std::vector<SegmentSum> sums_of(const Output& output) {
    return output.crc32c ? std::vector{SegmentSum{output.extent.length, *output.crc32c}}
                         : std::vector<SegmentSum>();
}

Result<Delivered> output_named(
    const UploadServices& services, const Upload& upload, const std::string& name
) {
    auto outputs = services.metadata.outputs(upload.id);
    if (!outputs) {
        return std::move(outputs).error();
    }
    if (const auto subtitles = subtitles_named(name)) {
        return playlist_of_subtitles(services.attachments, upload, *outputs, *subtitles, name);
    }
    const auto output = std::ranges::find(*outputs, name, &Output::name);
    if (output == outputs->end()) {
        return unknown(upload.id, name);
    }
    if (names_others(*output)) {
        return text_of(services, upload, *output);
    }
    return Delivered{
        .layout = {output->extent},
        .sums = sums_of(*output),
        .size = output->extent.length,
        .content_type = output->content_type,
        .file_name = "",
        .tag = std::to_string(output->extent.blob.value),
        .is_original = false,
        .changed_at = output->made_at.value_or(upload.changed_at),
        .is_final = upload.state == UploadState::ready,
    };
}

}  // namespace

Result<Delivered> Uploads::find_file(
    const Principal& reader, const std::string& media_key, const std::string& name, bool for_all
) {
    const MediaId id = parse_media_key(media_key).value_or(MediaId{});
    auto found = services_.metadata.find_any(id);
    if (!found) {
        const bool is_absent = found.error().code == ErrorCode::store_not_found;
        return is_absent ? unknown(id, name) : std::move(found).error();
    }
    const Upload& upload = found->upload;
    if (upload.media_key() != media_key) {
        return unknown(id, name);  // the right id behind another category's number
    }
    if (upload.is_due(now())) {
        return unknown(id, name);
    }
    if (name == "original") {
        if (upload.owner == reader && !upload.has_original && !upload.is_over()) {
            return original_is_gone(id);
        }
        const bool is_there = upload.owner == reader && upload.has_all_bytes();
        return is_there ? original_of(*found) : Result<Delivered>(unknown(id, name));
    }
    // In the same words: whether it exists is nobody else's business.
    if ((!for_all && upload.owner != reader) || !upload.may_have_outputs()) {
        return unknown(id, name);
    }
    return output_named(services_, upload, name);
}

}  // namespace sluice
