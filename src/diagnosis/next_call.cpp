#include "diagnosis/next_call.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::diagnosis {
namespace {

constexpr std::array<std::string_view, 2> mended_by_finalize{
    "finalize_missing", "append_in_flight"
};
constexpr std::array<std::string_view, 8> mended_by_status{
    "polling_too_fast",
    "media_not_ready",
    "status_needs_get",
    "processing_under_way",
    "already_finalized",
    "not_chunked",
    "media_failed",
    "command_missing",
};

// Where the upload lives, and how its calls look there.
struct Place {
    std::string origin;
    std::string media_id;
    bool is_v2 = false;
    bool has_credentials = false;
    bool is_ours = false;
};

bool is_id(std::string_view text) {
    return !text.empty() && text.size() <= 19 && parse_unsigned(text).has_value();
}

std::optional<Place> place_of(const Verdict& verdict, const Trace& trace) {
    if (trace.upload) {
        const UploadFacts& upload = *trace.upload;
        return Place{upload.origin, upload.media_id, false, upload.has_credentials, true};
    }
    if (verdict.call >= trace.calls.size()) {
        return std::nullopt;
    }
    const Call& call = trace.calls[verdict.call];
    const bool is_plain = std::ranges::none_of(call.origin, [](char c) {
        return c == '\'' || static_cast<unsigned char>(c) <= ' ';
    });
    const std::string id =
        is_id(call.media_id) ? call.media_id : std::string(call.parameter("media_id"));
    if (call.origin.empty() || !is_plain || !is_id(id)) {
        return std::nullopt;
    }
    const bool has_credentials = call.credentials != Credentials::none;
    return Place{call.origin, id, call.path.starts_with("/2/"), has_credentials, false};
}

NextCall made(const Place& place, std::string method, const std::string& url) {
    std::string curl = "curl -X " + method;
    if (place.has_credentials) {
        curl += place.is_ours ? " -H \"Authorization: Bearer $SLUICE_TOKEN\""
                              : " -H \"Authorization: $AUTHORIZATION\"";
    }
    curl += " '" + url + "'";
    return {std::move(method), url, std::move(curl)};
}

NextCall finalize(const Place& place) {
    return made(
        place,
        "POST",
        place.is_v2
            ? place.origin + "/2/media/upload/" + place.media_id + "/finalize"
            : place.origin + "/1.1/media/upload.json?command=FINALIZE&media_id=" + place.media_id
    );
}

NextCall append(const Place& place, std::uint64_t segment) {
    const std::string index = std::to_string(segment);
    NextCall call = made(
        place,
        "POST",
        place.is_v2 ? place.origin + "/2/media/upload/" + place.media_id + "/append"
                    : place.origin + "/1.1/media/upload.json?command=APPEND&media_id=" +
                          place.media_id + "&segment_index=" + index
    );
    call.curl += place.is_v2 ? " -F segment_index=" + index : "";
    call.curl += " -F media=@FILE";
    return call;
}

NextCall status(const Place& place) {
    const std::string_view path = place.is_v2 ? "/2/media/upload" : "/1.1/media/upload.json";
    return made(
        place,
        "GET",
        place.origin + std::string(path) + "?command=STATUS&media_id=" + place.media_id
    );
}

// curl's -I is a HEAD that does not wait for a body.
NextCall offset_of(const Place& place, const UploadFacts& upload) {
    NextCall call = made(place, "HEAD", place.origin + upload.stream_path);
    call.curl.replace(0, std::string_view("curl -X HEAD").size(), "curl -I");
    if (upload.is_tus) {
        call.curl.insert(std::string_view("curl -I").size(), " -H 'Tus-Resumable: 1.0.0'");
    }
    return call;
}

NextCall end_of(const Place& place, const UploadFacts& upload) {
    NextCall call = made(place, "PATCH", place.origin + upload.stream_path);
    call.curl.insert(
        std::string_view("curl -X PATCH").size(),
        " -H 'Content-Type: application/partial-upload' -H 'Upload-Complete: ?1' -H "
        "'Upload-Offset: " +
            std::to_string(upload.received_bytes) + "'"
    );
    return call;
}

// Of this part alone; where there are others, they are named beside it.
NextCall join_of(const Place& place, const UploadFacts& upload) {
    NextCall call = made(place, "POST", place.origin + "/files/");
    call.curl.insert(
        std::string_view("curl -X POST").size(),
        " -H 'Tus-Resumable: 1.0.0' -H 'Upload-Concat: final;" + upload.stream_path + "'"
    );
    return call;
}

NextCall go_on(const Place& place, const UploadFacts& upload) {
    if (waits_to_be_joined(upload)) {
        return join_of(place, upload);
    }
    return waits_for_its_end(upload) ? end_of(place, upload) : offset_of(place, upload);
}

}  // namespace

std::optional<NextCall> next_call(const Verdict& verdict, const Trace& trace) {
    const auto place = place_of(verdict, trace);
    const std::string_view code = verdict.code;
    const bool is_finalize =
        std::ranges::find(mended_by_finalize, code) != mended_by_finalize.end();
    const bool is_status = std::ranges::find(mended_by_status, code) != mended_by_status.end();
    // An upload whose bytes are not all there is not mended by FINALIZE.
    const bool is_complete = !trace.upload || is_whole(*trace.upload);
    if (place && verdict.segment) {
        return append(*place, *verdict.segment);
    }
    if (!place || (is_finalize && !is_complete)) {
        return std::nullopt;
    }
    if (is_finalize) {
        return finalize(*place);
    }
    if (trace.upload && !trace.upload->stream_path.empty() &&
        (code == upload_under_way || code == "upload_incomplete")) {
        return go_on(*place, *trace.upload);
    }
    return is_status ? std::optional(status(*place)) : std::nullopt;
}

std::string_view title_of(std::string_view code) {
    if (code == healthy) {
        return "Nothing is wrong";
    }
    if (code == upload_under_way) {
        return "The upload is under way";
    }
    return code == processing_under_way ? "Processing is under way" : "";
}

}  // namespace sluice::diagnosis
