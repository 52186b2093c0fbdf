#include "protocol/common/media_view.hpp"

#include <boost/json/parse.hpp>

#include "protocol/common/url_signer.hpp"

namespace sluice::protocol {
namespace {

namespace json = boost::json;

std::string_view type_of(Category category) {
    switch (family_of(category)) {
        case Family::image:
            return "photo";
        case Family::gif:
            return "animated_gif";
        case Family::text:
            return "subtitles";  // X has no word: they are never looked up there
        default:
            return "video";
    }
}

std::string alt_text_of(const Attachments& attachments) {
    const auto found = attachments.metadata.find("alt_text");
    if (found == attachments.metadata.end()) {
        return {};
    }
    boost::system::error_code failed;
    const json::value value = json::parse(found->second, failed);
    const json::object* object = failed ? nullptr : value.if_object();
    const json::value* text = object == nullptr ? nullptr : object->if_contains("text");
    return text != nullptr && text->is_string() ? std::string(text->get_string()) : std::string();
}

std::string address_of(
    const std::string& path, const http::Request& request, const UrlSigner* signer
) {
    return request.base_url + path + (signer == nullptr ? std::string() : signer->query_for(path));
}

// The largest picture in a format that every client shows.
void take_picture(MediaView& view, const Output& output, std::uint32_t& widest, std::string url) {
    const bool is_plain = output.content_type == "image/jpeg" || output.content_type == "image/png";
    const bool shows_all = output.role == OutputRole::picture || output.role == OutputRole::poster;
    if (is_plain && shows_all && output.width > widest) {
        widest = output.width;
        (view.type == "photo" ? view.url : view.preview_url) = std::move(url);
    }
}

void take_video(MediaView& view, const Output& output, std::string url) {
    const std::uint64_t bits = output.extent.length.value * 8;
    view.duration_ms = std::max(view.duration_ms, output.duration_ms);
    view.variants.push_back({
        output.duration_ms == 0 ? 0 : bits * 1000 / output.duration_ms,
        output.content_type,
        std::move(url),
    });
}

}  // namespace

MediaView view_of(const Medium& medium, const http::Request& request, const UrlSigner* signer) {
    const Upload& upload = medium.details.status.upload;
    MediaView view{
        .media_key = upload.media_key(),
        .type = type_of(upload.category),
        .url = "",
        .preview_url = "",
        .width = upload.content.width,
        .height = upload.content.height,
        .alt_text = alt_text_of(medium.attachments),
        .variants = {},
        .subtitles = subtitles_of(medium.attachments, request, signer),
    };
    const std::string folder = "/media/" + view.media_key + "/";
    std::uint32_t widest = 0;
    for (const Output& output : medium.details.outputs) {
        std::string url = address_of(folder + output.name, request, signer);
        if (output.role == OutputRole::rendition) {
            take_video(view, output, std::move(url));
        } else if (output.role == OutputRole::playlist) {
            // X's name for the type, and without a bit rate (reference: x-media-api).
            view.variants.push_back({0, "application/x-mpegURL", std::move(url)});
        } else {
            take_picture(view, output, widest, std::move(url));
        }
    }
    return view;
}

std::vector<SubtitleView> subtitles_of(
    const Attachments& attachments, const http::Request& request, const UrlSigner* signer
) {
    std::vector<SubtitleView> views;
    for (const SubtitleTrack& track : attachments.subtitles) {
        const std::string key =
            std::to_string(key_number(Category::subtitles)) + "_" + track.subtitles.text();
        views.push_back({track, address_of("/media/" + key + "/captions.vtt", request, signer)});
    }
    return views;
}

}  // namespace sluice::protocol
