#include "protocol/common/subtitle_request.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "protocol/common/json_media_ids.hpp"
#include "protocol/common/media_metadata.hpp"
#include "protocol/common/receive_json.hpp"

namespace sluice::protocol {
namespace {

namespace json = boost::json;

constexpr std::size_t tracks_max = 50;
constexpr std::size_t display_name_max = 150;

Error wrong(ErrorCode code, std::string facts) {
    return {.code = code, .facts = std::move(facts)};
}

std::string_view id_name(const json::object& object, std::string_view usual) {
    const std::string_view other = usual == "id" ? "media_id" : "id";
    return object.contains(other) && !object.contains(usual) ? other : usual;
}

std::string upper_case(std::string_view text) {
    std::string upper(text);
    std::ranges::transform(upper, upper.begin(), [](char c) {
        return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    });
    return upper;
}

// BCP 47 as far as anybody sends it: "EN", "pt-BR", "zh-Hant-TW".
bool is_language(std::string_view text) {
    const auto first = std::min(text.find('-'), text.size());
    const bool is_plain = std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-';
    });
    return is_plain && first >= 2 && first <= 3 && text.size() <= 35 && !text.ends_with('-');
}

Result<std::string> language_of(const json::object& track) {
    const json::value* value = track.if_contains("language_code");
    if (value == nullptr || value->is_null()) {
        return wrong(
            ErrorCode::parameter_missing, "language_code is missing; send two letters, as in EN."
        );
    }
    if (!value->is_string() || !is_language(value->get_string())) {
        return wrong(
            ErrorCode::parameter_invalid,
            "language_code is " + described(*value) + "; expected is a language, as in EN."
        );
    }
    return upper_case(value->get_string());
}

Result<std::string> display_name_of(const json::object& track, const std::string& language) {
    const json::value* value = track.if_contains("display_name");
    if (value == nullptr || value->is_null()) {
        return language;
    }
    const bool is_text = value->is_string() &&
                         code_points(value->get_string()) <= display_name_max &&
                         std::ranges::none_of(value->get_string(), [](char c) {
                             return static_cast<unsigned char>(c) < 0x20;
                         });
    return is_text ? Result<std::string>(std::string(value->get_string()))
                   : wrong(
                         ErrorCode::parameter_invalid,
                         "display_name is " + described(*value) +
                             "; expected is a text of at most 150 characters in one line."
                     );
}

Result<SubtitleTrack> track_of(
    const json::value& value, SubtitleCall call, std::string_view id_member
) {
    if (!value.is_object()) {
        return wrong(
            ErrorCode::parameter_invalid, "An entry of subtitles is " + described(value) + "."
        );
    }
    const json::object& object = value.get_object();
    auto language = language_of(object);
    if (!language) {
        return std::move(language).error();
    }
    if (call == SubtitleCall::remove) {
        return SubtitleTrack{{}, std::move(*language), ""};
    }
    const auto id = media_id_in(object, id_name(object, id_member), true);
    if (!id) {
        return id.error();
    }
    auto name = display_name_of(object, *language);
    if (!name) {
        return std::move(name).error();
    }
    return SubtitleTrack{*id, std::move(*language), std::move(*name)};
}

// v1.1: subtitle_info.subtitles; v2: subtitles, one or a list; v2's deletion: the body itself.
Result<json::array> entries_of(const json::object& body, SubtitleCall call) {
    const json::value* entries = body.if_contains("subtitles");
    if (const json::value* info = body.if_contains("subtitle_info"); info && info->is_object()) {
        entries = info->get_object().if_contains("subtitles");
    }
    if (entries == nullptr || entries->is_null()) {
        return call == SubtitleCall::remove && body.contains("language_code")
                   ? Result<json::array>(json::array{body})
                   : wrong(
                         ErrorCode::parameter_missing,
                         "subtitles are missing: v1.1 takes subtitle_info.subtitles, a list; v2 "
                         "takes subtitles, an object with id, language_code and display_name."
                     );
    }
    if (entries->is_object()) {
        return json::array{*entries};
    }
    const bool is_list = entries->is_array() && !entries->get_array().empty() &&
                         entries->get_array().size() <= tracks_max;
    return is_list ? Result<json::array>(entries->get_array())
                   : wrong(
                         ErrorCode::parameter_invalid,
                         "subtitles are " + described(*entries) +
                             "; expected is a list of 1 to 50 objects."
                     );
}

Result<std::optional<Category>> category_of(const json::object& body) {
    const json::value* value = body.if_contains("media_category");
    if (value == nullptr || value->is_null()) {
        return std::optional<Category>();
    }
    const auto category =
        value->is_string() ? parse_category(value->get_string()) : std::optional<Category>();
    return category ? Result<std::optional<Category>>(category)
                    : wrong(
                          ErrorCode::category_unknown,
                          "media_category is " + described(*value) +
                              "; known here are TweetVideo and AmplifyVideo."
                      );
}

}  // namespace

Result<SubtitleRequest> subtitle_request_of(
    const json::object& body, SubtitleCall call, std::string_view id_member
) {
    SubtitleRequest request;
    const auto video = media_id_in(body, id_name(body, id_member), true);
    if (!video) {
        return video.error();
    }
    request.video = *video;
    const auto category = category_of(body);
    if (!category) {
        return category.error();
    }
    request.category = *category;
    const auto entries = entries_of(body, call);
    if (!entries) {
        return entries.error();
    }
    for (const json::value& entry : *entries) {
        auto track = track_of(entry, call, id_member);
        if (!track) {
            return std::move(track).error();
        }
        request.tracks.push_back(std::move(*track));
    }
    return request;
}

}  // namespace sluice::protocol
