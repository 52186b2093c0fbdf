// The bytes of a call: too many, of the wrong kind, not the file at all (reference 9.3, 9.6).
#include <algorithm>
#include <array>
#include <cctype>

#include "base/text.hpp"
#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {
namespace {

struct Magic {
    std::string_view bytes;
    std::size_t at;
    std::string_view type;
};

using namespace std::string_view_literals;
constexpr std::array magics{
    Magic{"\x89PNG"sv, 0, "image/png"},
    Magic{"\xff\xd8\xff"sv, 0, "image/jpeg"},
    Magic{"GIF8"sv, 0, "image/gif"},
    Magic{"WEBP"sv, 8, "image/webp"},
    Magic{"ftyphei"sv, 4, "image/heic"},
    Magic{"ftypmif1"sv, 4, "image/heic"},
    Magic{"ftypavi"sv, 4, "image/avif"},
    Magic{"ftyp"sv, 4, "video/mp4"},
    Magic{"\x1a\x45\xdf\xa3"sv, 0, "video/webm"},
};

std::string_view type_of(std::string_view start) {
    for (const Magic& magic : magics) {
        if (start.substr(std::min(magic.at, start.size())).starts_with(magic.bytes)) {
            return magic.type;
        }
    }
    return {};
}

bool is_path(std::string_view start, std::optional<std::uint64_t> bytes) {
    const bool is_short = bytes.value_or(start.size()) <= 300 && !start.contains('\n');
    return is_short && (start.starts_with("./") || start.starts_with("/") ||
                        start.starts_with("@") || start.starts_with("http://") ||
                        start.starts_with("https://") || start.starts_with("C:\\"));
}

bool is_base64_text(std::string_view start) {
    return start.size() >= 64 && std::ranges::all_of(start, [](unsigned char c) {
               return std::isalnum(c) != 0 || c == '+' || c == '/' || c == '=' || c == '\r' ||
                      c == '\n';
           });
}

// What the bytes themselves show; nothing if they look like media, or were not recorded.
std::optional<Verdict> by_content(const Call& call, std::size_t at) {
    const SeenMedia& media = *call.media;
    const std::string_view start = media.start;
    const std::string shown = " The media begins with \"" + printable(start, 60) + "\"";
    const auto made = [&](std::string_view code, const std::string& facts) {
        return verdict(code, Confidence::certain, Stage::bytes, at, told(call, at) + facts);
    };
    if (start.starts_with("data:")) {
        return made("base64_invalid", shown + ": leave out all up to the comma.");
    }
    if (is_path(start, media.bytes)) {
        return made("path_as_media", shown + ": that is the name of the file, not the file.");
    }
    if (start.starts_with("{\"type\":\"Buffer\"") || start.starts_with("{\"0\":")) {
        return made("buffer_as_json", shown + ": the client serialized its buffer.");
    }
    if (start.starts_with("<!DOCTYPE") || start.starts_with("<html") || start.starts_with("{\"")) {
        return made("not_media", shown + ": that is a page or a message, not the file.");
    }
    if (!media.says_base64 && media.name == "media" && is_base64_text(start)) {
        return made(
            "base64_as_bytes",
            shown + ": it is base64 text where raw bytes are taken; send it as media_data."
        );
    }
    if (start.contains("\xEF\xBF\xBD")) {
        return made("binary_as_text", " The media was read as text: it holds U+FFFD.");
    }
    return std::nullopt;
}

const Call* first_append(const Evidence& evidence, const Call& call) {
    const Story* story = evidence.story_of(call.media_id);
    return story == nullptr || story->appends.empty() ? nullptr : story->appends.front().call;
}

std::string_view declared_type(const Evidence& evidence, const Call& call) {
    const Story* story = evidence.story_of(call.media_id);
    return story != nullptr && story->init ? story->init->call->parameter("media_type")
                                           : call.parameter("media_type");
}

// "media type unrecognized.": X saw something else than it was told.
void judge_unrecognized(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    const Call* carrier = call.media ? &call : first_append(evidence, call);
    const std::string_view start =
        carrier != nullptr && carrier->media ? std::string_view(carrier->media->start) : "";
    const std::string_view found_type = type_of(start);
    const std::string_view declared = declared_type(evidence, call);
    if (carrier != nullptr && carrier->media && carrier->media->bytes == 0u) {
        found.push_back(verdict(
            "media_empty",
            Confidence::certain,
            Stage::content,
            at,
            told(call, at) + " It was empty."
        ));
    } else if (call.command == "ONE_SHOT" && found_type.starts_with("video/")) {
        found.push_back(verdict(
            "needs_chunked",
            Confidence::certain,
            Stage::content,
            at,
            told(call, at) + " It is a video, which must come by INIT, APPEND, FINALIZE."
        ));
    } else {
        std::string facts = told(call, at);
        facts += declared.empty() ? "" : " Declared is " + printable(declared, 60) + ".";
        facts += found_type.empty() ? "" : " The bytes are " + std::string(found_type) + ".";
        const bool is_sure = !found_type.empty() && !declared.empty() && found_type != declared;
        found.push_back(verdict(
            "type_mismatch",
            is_sure ? Confidence::certain : Confidence::possible,
            Stage::content,
            at,
            std::move(facts)
        ));
    }
}

void judge_size(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    const std::string size = call.media && call.media->bytes
                                 ? " It had " + std::to_string(*call.media->bytes) + " bytes."
                                 : "";
    if (call.command == "APPEND") {
        found.push_back(verdict(
            "segment_too_large",
            Confidence::certain,
            Stage::bytes,
            at,
            told(call, at) + size + " X takes segments of up to 5 MB."
        ));
        return;
    }
    const Story* story = evidence.story_of(call.media_id);
    const bool is_gif_without = story != nullptr && story->is_gif() && story->init &&
                                story->init->call->parameter("media_category").empty();
    const bool is_video = call.media && type_of(call.media->start).starts_with("video/");
    const std::string_view code = is_gif_without ? "category_missing"
                                  : is_video     ? "needs_chunked"
                                                 : "file_too_large";
    const std::string why =
        is_gif_without ? " INIT named no media_category, so the GIF is judged as an image of 5 MB."
                       : size;
    found.push_back(verdict(code, Confidence::certain, Stage::content, at, told(call, at) + why));
}

}  // namespace

void judge_media(const Evidence& evidence, std::size_t at, Verdicts& found) {
    const Call& call = evidence.trace.calls[at];
    if (call.media && !call.media->start.empty()) {
        if (auto seen = by_content(call, at)) {
            found.push_back(*std::move(seen));
            return;
        }
    }
    const std::string text = lower_case(call.text);
    if (text.contains("file size exceeds") || text.contains("image file size must be") ||
        text.contains("maxfilesizeexceeded") || call.status == 413) {
        judge_size(evidence, at, found);
    } else if (call.is_refusal() && text.contains("recognized")) {
        // The bytes of its segments tell better, and have been judged with them.
        const Call* carrier = first_append(evidence, call);
        const bool is_told =
            carrier != nullptr && carrier->media && by_content(*carrier, at).has_value();
        if (!is_told) {
            judge_unrecognized(evidence, at, found);
        }
    } else if (text.contains("can not be finalized synchronously")) {
        found.push_back(verdict(
            "category_missing",
            Confidence::certain,
            Stage::content,
            at,
            told(call, at) + " INIT named no media_category; X takes videos without one only up to "
                             "15 MB and 30 s."
        ));
    }
}

}  // namespace sluice::diagnosis
