#include "protocol/x_v2/encode_media.hpp"

#include <algorithm>

#include "base/json_writer.hpp"

namespace sluice::protocol::x_v2 {
namespace {

constexpr std::string_view not_found_type = "https://api.twitter.com/2/problems/resource-not-found";

http::Response json_response(std::string body) {
    http::Response response;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

void append_variants(JsonWriter& json, const MediaView& view) {
    json.key("variants").begin_array();
    for (const MediaVariant& variant : view.variants) {
        json.begin_object();
        if (variant.bit_rate > 0) {
            json.member("bit_rate", variant.bit_rate);
        }
        json.member("content_type", variant.content_type).member("url", variant.url).end_object();
    }
    json.end_array();
}

void append_subtitles(JsonWriter& json, const MediaView& view) {
    json.key("subtitles").begin_array();
    for (const SubtitleView& subtitles : view.subtitles) {
        json.begin_object()
            .member("language_code", subtitles.track.language)
            .member("display_name", subtitles.track.display_name)
            .member("url", subtitles.url)
            .end_object();
    }
    json.end_array();
}

// What is not known yet, or has no meaning for this type, is left out, as X does.
void append_view(JsonWriter& json, const MediaView& view, const std::vector<std::string>& fields) {
    const auto wants = [&fields](std::string_view name) {
        return std::ranges::find(fields, name) != fields.end();
    };
    const auto append_text = [&](const char* name, const std::string& text) {
        if (wants(name) && !text.empty()) {
            json.member(name, text);
        }
    };
    const auto append_number = [&](const char* name, std::uint64_t number) {
        if (wants(name) && number > 0) {
            json.member(name, number);
        }
    };
    json.begin_object().member("media_key", view.media_key).member("type", view.type);
    append_text("url", view.url);
    append_text("preview_image_url", view.preview_url);
    append_number("duration_ms", view.duration_ms);
    append_number("width", view.width);
    append_number("height", view.height);
    append_text("alt_text", view.alt_text);
    if (wants("public_metrics")) {
        json.key("public_metrics").begin_object().member("view_count", 0).end_object();
    }
    if (wants("variants") && !view.variants.empty()) {
        append_variants(json, view);
    }
    if (!view.subtitles.empty()) {
        append_subtitles(json, view);
    }
    json.end_object();
}

void append_missing(JsonWriter& json, const NotFound& missing) {
    const std::string what = "Could not find media with media_key: [" + missing.media_key + "].";
    json.begin_object()
        .member("value", missing.media_key)
        .member("detail", what)
        .member("message", what)
        .member("title", "Not Found Error")
        .member("resource_type", "media")
        .member("parameter", missing.parameter)
        .member("resource_id", missing.media_key)
        .member("type", not_found_type)
        .member("code", "media_unknown")
        .end_object();
}

}  // namespace

http::Response metadata_answer(MediaId id, const Attachments& all) {
    JsonWriter json;
    json.begin_object().key("data").begin_object().member("id", id.text());
    json.key("associated_metadata").begin_object();
    for (const auto& [name, value] : all.metadata) {
        json.key(name).raw(value);
    }
    json.end_object().end_object().end_object();
    return json_response(json.take());
}

http::Response subtitles_answer(MediaId video, Category category, const Attachments& all) {
    JsonWriter json;
    json.begin_object().key("data").begin_object().member("id", video.text());
    json.member(
        "media_category", category == Category::amplify_video ? "AmplifyVideo" : "TweetVideo"
    );
    json.key("associated_subtitles").begin_array();
    for (const SubtitleTrack& track : all.subtitles) {
        json.begin_object()
            .member("id", track.subtitles.text())
            .member("language_code", track.language)
            .member("display_name", track.display_name)
            .end_object();
    }
    json.end_array().end_object().end_object();
    return json_response(json.take());
}

http::Response deleted_answer() {
    return json_response(R"({"data":{"deleted":true}})");
}

http::Response one_answer(const MediaView& view, const std::vector<std::string>& fields) {
    JsonWriter json;
    json.begin_object().key("data");
    append_view(json, view, fields);
    json.end_object();
    return json_response(json.take());
}

http::Response list_answer(
    const std::vector<MediaView>& views,
    const std::vector<NotFound>& missing,
    const std::vector<std::string>& fields
) {
    JsonWriter json;
    json.begin_object();
    if (!views.empty()) {
        json.key("data").begin_array();
        for (const MediaView& view : views) {
            append_view(json, view, fields);
        }
        json.end_array();
    }
    if (!missing.empty()) {
        json.key("errors").begin_array();
        for (const NotFound& key : missing) {
            append_missing(json, key);
        }
        json.end_array();
    }
    json.end_object();
    return json_response(json.take());
}

http::Response no_analytics() {
    return json_response(R"({"data":[]})");
}

}  // namespace sluice::protocol::x_v2
