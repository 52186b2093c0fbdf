#include "protocol/x_v1/encode_post.hpp"

#include <array>
#include <ctime>

#include "base/json_writer.hpp"
#include "protocol/common/account.hpp"
#include "protocol/common/media_view.hpp"

namespace sluice::protocol::x_v1 {
namespace {

http::Response json_response(std::string body) {
    http::Response response;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

// "Wed Nov 25 16:09:23 +0000 2026", as v1.1 writes times.
std::string v1_time(WallTime at) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(
        std::chrono::time_point_cast<std::chrono::system_clock::duration>(at)
    );
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 40> text{};
    const auto length =
        std::strftime(text.data(), text.size(), "%a %b %d %H:%M:%S +0000 %Y", &parts);
    return {text.data(), length};
}

void append_number(JsonWriter& json, const std::string& name, std::uint64_t number) {
    json.member(name, number).member(name + "_str", std::to_string(number));
}

void append_user(JsonWriter& json, const Identity& who) {
    const Account account = account_of(who);
    json.begin_object();
    append_number(json, "id", account.id);
    json.member("name", account.name)
        .member("screen_name", account.user_name)
        .member("protected", false)
        .member("verified", false)
        .end_object();
}

void append_video_info(JsonWriter& json, const MediaView& view) {
    json.key("video_info").begin_object();
    json.key("aspect_ratio").begin_array().value(view.width).value(view.height).end_array();
    json.member("duration_millis", view.duration_ms).key("variants").begin_array();
    for (const MediaVariant& variant : view.variants) {
        json.begin_object()
            .member("bitrate", variant.bit_rate)
            .member("content_type", variant.content_type)
            .member("url", variant.url)
            .end_object();
    }
    json.end_array().end_object();
}

void append_sizes(JsonWriter& json, const MediaView& view) {
    json.key("sizes").begin_object();
    json.key("large")
        .begin_object()
        .member("w", view.width)
        .member("h", view.height)
        .member("resize", "fit")
        .end_object();
    json.end_object();
}

void append_medium(
    JsonWriter& json, const Medium& medium, const Post& post, const http::Request& request
) {
    const MediaView view = view_of(medium, request, post.signer);
    const std::string& picture = view.url.empty() ? view.preview_url : view.url;
    json.begin_object();
    append_number(json, "id", medium.details.status.upload.id.value);
    json.member("media_key", view.media_key).member("type", view.type);
    json.key("indices").begin_array().value(0).value(0).end_array();
    for (const auto* name :
         {"media_url", "media_url_https", "url", "expanded_url", "display_url"}) {
        json.member(name, picture);
    }
    append_sizes(json, view);
    json.key("ext_alt_text");
    if (view.alt_text.empty()) {
        json.null();
    } else {
        json.value(view.alt_text);
    }
    if (view.type != "photo") {
        append_video_info(json, view);
    }
    json.end_object();
}

void append_entities(JsonWriter& json, const Post& post, const http::Request& request) {
    json.key("entities").begin_object();
    for (const auto* name : {"hashtags", "symbols", "user_mentions", "urls"}) {
        json.key(name).begin_array().end_array();
    }
    if (!post.media.empty()) {
        json.key("media").begin_array();
        append_medium(json, post.media.front(), post, request);
        json.end_array();
    }
    json.end_object();
    if (post.media.empty()) {
        return;
    }
    json.key("extended_entities").begin_object().key("media").begin_array();
    for (const Medium& medium : post.media) {
        append_medium(json, medium, post, request);
    }
    json.end_array().end_object();
}

}  // namespace

http::Response post_answer(const Post& post, const http::Request& request) {
    JsonWriter json;
    json.begin_object().member("created_at", v1_time(post.at));
    append_number(json, "id", post.id);
    json.member("text", post.text)
        .member("full_text", post.text)
        .member("truncated", false)
        .member("source", "Sluice");
    append_entities(json, post, request);
    json.key("user");
    append_user(json, post.author);
    json.member("retweet_count", 0)
        .member("favorite_count", 0)
        .member("favorited", false)
        .member("retweeted", false)
        .end_object();
    return json_response(json.take());
}

http::Response message_answer(
    const Post& message, const std::string& recipient, const http::Request& request
) {
    const auto milliseconds = message.at.time_since_epoch().count();
    JsonWriter json;
    json.begin_object().key("event").begin_object();
    json.member("type", "message_create")
        .member("id", std::to_string(message.id))
        .member("created_timestamp", std::to_string(milliseconds));
    json.key("message_create").begin_object();
    json.key("target").begin_object().member("recipient_id", recipient).end_object();
    json.member("sender_id", std::to_string(account_of(message.author).id));
    json.key("message_data").begin_object().member("text", message.text);
    if (!message.media.empty()) {
        json.key("attachment").begin_object().member("type", "media").key("media");
        append_medium(json, message.media.front(), message, request);
        json.end_object();
    }
    json.end_object().end_object().end_object().end_object();
    return json_response(json.take());
}

http::Response account_answer(const Identity& account) {
    JsonWriter json;
    append_user(json, account);
    return json_response(json.take());
}

}  // namespace sluice::protocol::x_v1
