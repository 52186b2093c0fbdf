#include "protocol/native/encode.hpp"

#include <algorithm>
#include <utility>

#include "base/json_writer.hpp"
#include "media/probe_facts.hpp"
#include "protocol/common/media_view.hpp"
#include "protocol/common/url_signer.hpp"

namespace sluice::protocol::native {
namespace {

void append_text(JsonWriter& json, std::string_view name, std::string_view text) {
    json.key(name);
    if (text.empty()) {
        json.null();
    } else {
        json.value(text);
    }
}

void append_number(JsonWriter& json, std::string_view name, std::uint64_t number) {
    json.key(name);
    if (number > 0) {
        json.value(number);
    } else {
        json.null();
    }
}

void append_segments(JsonWriter& json, const UploadDetails& details) {
    json.key("segments").begin_object().member("received", details.status.upload.segments_received);
    json.key("missing").begin_array();
    for (const SegmentIndex index : details.gaps.missing) {
        json.value(index.value);
    }
    json.end_array().key("arrived").begin_array();
    for (const SegmentGaps::Run& run : details.gaps.arrived) {
        json.begin_array().value(run.first).value(run.last).end_array();
    }
    json.end_array().end_object();
}

// What the probe found; unknown is null.
void append_content(JsonWriter& json, const Content& content) {
    json.key("content").begin_object();
    append_text(json, "media_type", content.media_type);
    append_number(json, "width", content.width);
    append_number(json, "height", content.height);
    append_text(json, "conversions", content.conversions);
    json.key("probe").begin_object();
    for (const auto& [name, value, is_number] : parse_probe_facts(content.probed)) {
        json.key(name);
        is_number ? json.raw(value) : json.value(value);
    }
    json.end_object().end_object();
}

// When somebody could begin to watch: the first rendition, or for other media the first file.
std::string playable_at(const std::vector<Output>& outputs) {
    std::optional<WallTime> first;
    const bool is_video =
        std::ranges::find(outputs, OutputRole::rendition, &Output::role) != outputs.end();
    for (const Output& output : outputs) {
        const bool counts = !is_video || output.role == OutputRole::rendition;
        if (counts && output.made_at && (!first || *output.made_at < *first)) {
            first = output.made_at;
        }
    }
    return first ? rfc3339(*first) : std::string();
}

std::string placeholder_of(const std::vector<Output>& outputs) {
    const auto found = std::ranges::find_if(outputs, [](const Output& output) {
        return !output.placeholder.empty();
    });
    return found == outputs.end() ? std::string() : found->placeholder;
}

void append_processing(JsonWriter& json, const UploadDetails& details) {
    const UploadStatus& status = details.status;
    const Upload& upload = status.upload;
    json.key("processing").begin_object().member("state", name_of(upload.state));
    json.member("progress_percent", upload.progress.percent);
    json.key("check_after_secs");
    if (status.check_after) {
        json.value(status.check_after->count());
    } else {
        json.null();
    }
    json.member("step", upload.progress.step).member("attempts", upload.attempts);
    append_text(json, "playable_at", playable_at(details.outputs));
    json.key("error");
    if (upload.failure) {
        json.begin_object()
            .member("code", upload.failure->code)
            .member("name", upload.failure->name)
            .member("reason", upload.failure->reason)
            .member("message", upload.failure->message)
            .end_object();
    } else {
        json.null();
    }
    json.end_object();
}

void append_output(JsonWriter& json, const Output& output, const std::string& url) {
    json.begin_object()
        .member("name", output.name)
        .member("url", url)
        .member("content_type", output.content_type)
        .member("size_bytes", output.extent.length.value);
    append_number(json, "width", output.width);
    append_number(json, "height", output.height);
    append_number(json, "duration_ms", output.duration_ms);
    json.member("role", name_of(output.role)).member("copied", output.is_copied);
    json.end_object();
}

void append_outputs(
    JsonWriter& json,
    const UploadDetails& details,
    const http::Request& request,
    const UrlSigner* signer
) {
    const Upload& upload = details.status.upload;
    const std::string folder = "/media/" + upload.media_key() + "/";
    json.key("outputs").begin_array();
    for (const Output& output : details.outputs) {
        if (output.role == OutputRole::track) {
            continue;  // of no use but to the playlist, which names it
        }
        const std::string path = folder + output.name;
        std::string url = request.base_url;
        url.append(path).append(signer == nullptr ? "" : signer->query_for(path));
        append_output(json, output, url);
    }
    json.end_array();
    append_text(json, "placeholder", placeholder_of(details.outputs));
    json.key("original_url");
    if (upload.has_all_bytes() && upload.has_original) {
        json.value(request.base_url + folder + "original");
    } else {
        json.null();
    }
}

void append_subtitles(
    JsonWriter& json,
    const Attachments& attachments,
    const http::Request& request,
    const UrlSigner* signer
) {
    json.key("subtitles").begin_array();
    for (const SubtitleView& subtitles : subtitles_of(attachments, request, signer)) {
        json.begin_object()
            .member("media_id", subtitles.track.subtitles.text())
            .member("language", subtitles.track.language)
            .member("display_name", subtitles.track.display_name)
            .member("url", subtitles.url)
            .member("content_type", "text/vtt;charset=utf-8")
            .end_object();
    }
    json.end_array();
}

// Words, rights and uses: only of one upload, a list shows what is cheap.
void append_attachments(
    JsonWriter& json,
    const Attachments& attachments,
    const http::Request& request,
    const UrlSigner* signer
) {
    append_subtitles(json, attachments, request, signer);
    json.key("metadata").begin_object();
    for (const auto& [name, value] : attachments.metadata) {
        json.key(name).raw(value);
    }
    json.end_object().key("additional_owners").begin_array();
    for (const Principal& owner : attachments.additional_owners) {
        json.value(owner.id);
    }
    json.end_array().member("shared", attachments.is_shared).key("used_by").begin_array();
    for (const MediaClaim& claim : attachments.claims) {
        json.value(claim.used_by);
    }
    json.end_array();
}

void append_upload(
    JsonWriter& json,
    const UploadDetails& details,
    const http::Request& request,
    const UrlSigner* signer
) {
    const Upload& upload = details.status.upload;
    json.member("media_id", upload.id.text())
        .member("media_key", upload.media_key())
        .member("state", name_of(upload.state))
        .member("category", name_of(upload.category))
        .member("media_type", upload.media_type)
        .member("file_name", upload.file_name);
    append_text(json, "protocol", upload.protocol);
    json.key("size_bytes");
    if (upload.stream.length_known) {
        json.value(upload.total.value);
    } else {
        json.null();
    }
    json.member("received_bytes", upload.received.value).member("owner", upload.owner.id);
    json.member("one_shot", upload.one_shot);
    append_segments(json, details);
    append_content(json, upload.content);
    append_processing(json, details);
    append_outputs(json, details, request, signer);
    json.member("created_at", rfc3339(upload.created_at)).key("expires_at");
    if (upload.expires_at == never) {
        json.null();
    } else {
        json.value(rfc3339(upload.expires_at));
    }
}

http::Response json_response(std::string body) {
    http::Response response;
    response.set("Content-Type", "application/json;charset=utf-8");
    response.set("Cache-Control", "no-store");
    response.body = std::move(body);
    return response;
}

}  // namespace

http::Response upload_answer(
    const Medium& medium, const http::Request& request, const UrlSigner* signer
) {
    JsonWriter json;
    json.begin_object();
    append_upload(json, medium.details, request, signer);
    append_attachments(json, medium.attachments, request, signer);
    json.end_object();
    return json_response(json.take());
}

http::Response list_answer(
    const UploadList& list, const http::Request& request, const UrlSigner* signer
) {
    JsonWriter json;
    json.begin_object().key("data").begin_array();
    for (const UploadDetails& details : list.uploads) {
        json.begin_object();
        append_upload(json, details, request, signer);
        json.end_object();
    }
    json.end_array().member("has_more", list.next.has_value()).key("next");
    if (list.next) {
        json.value(list.next->text());
    } else {
        json.null();
    }
    json.end_object();
    return json_response(json.take());
}

}  // namespace sluice::protocol::native
