#include <algorithm>
#include <array>

#include "base/metrics.hpp"
#include "base/text.hpp"
#include "media/category_rules.hpp"
#include "service/content_type.hpp"
#include "service/expected_cost.hpp"
#include "service/insert_upload.hpp"
#include "service/quota.hpp"
#include "service/refusals.hpp"
#include "service/repeats.hpp"
#include "service/room.hpp"
#include "service/size_limits.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

constexpr std::array category_names{
    std::string_view("tweet_image"),
    std::string_view("tweet_gif"),
    std::string_view("tweet_video"),
    std::string_view("amplify_video"),
    std::string_view("dm_image"),
    std::string_view("dm_gif"),
    std::string_view("dm_video"),
    std::string_view("subtitles"),
};

// A misspelling, or the kind of the medium alone.
std::optional<std::string_view> nearest_category(const std::string& received) {
    std::string word = lower_case(trim(received));
    std::ranges::replace_if(word, [](char c) { return c == '-' || c == ' '; }, '_');
    if (const auto nearest = nearest_word(word, category_names)) {
        return nearest;
    }
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kinds{{
        {"image", "tweet_image"},
        {"photo", "tweet_image"},
        {"picture", "tweet_image"},
        {"gif", "tweet_gif"},
        {"video", "tweet_video"},
        {"movie", "tweet_video"},
        {"subtitle", "subtitles"},
        {"caption", "subtitles"},
        {"srt", "subtitles"},
    }};
    const auto* kind =
        std::ranges::find_if(kinds, [&word](const auto& row) { return word.contains(row.first); });
    return kind == kinds.end() ? std::nullopt : std::optional(kind->second);
}

Error unknown_category(const std::string& received) {
    std::string facts = "media_category is \"" + printable(received) +
                        "\"; known are tweet_image, tweet_gif, tweet_video, "
                        "amplify_video, dm_image, dm_gif, dm_video and subtitles.";
    if (const auto nearest = nearest_category(received)) {
        facts += " Did you mean " + std::string(*nearest) + "?";
    }
    return {.code = ErrorCode::category_unknown, .facts = std::move(facts)};
}

// Types that say nothing: clients send them for anything, so the content decides.
bool is_placeholder(std::string_view essence) {
    return essence.find('/') == std::string_view::npos || essence == "application/octet-stream" ||
           essence == "text/plain" || essence == "binary/octet-stream";
}

Error conflicting(Category category, const CreateUpload& wanted, Category fitting) {
    return {
        .code = ErrorCode::category_type_conflict,
        .facts = "media_category is " + std::string(name_of(category)) + ", media_type is \"" +
                 printable(wanted.media_type) + "\"; " + std::string(name_of(fitting)) +
                 " would fit the type, and " + std::string(name_of(category)) + " takes " +
                 accepted_types_text(rule_of(category), wanted.as_x) + ".",
    };
}

Error unsupported(const std::string& media_type, bool as_x) {
    return {
        .code = ErrorCode::media_type_unsupported,
        .facts = "media_type is \"" + printable(media_type) + "\". Accepted are " +
                 processed_types_text(as_x) + ".",
    };
}

// Of the same family, for a file that this one is too small for; a GIF may have been sent as an
// image.
std::optional<Category> category_with_room(Category category, ByteCount size, bool is_gif) {
    const Family family = is_gif ? Family::gif : family_of(category);
    for (std::size_t i = 0; i < category_names.size(); ++i) {
        const auto other = static_cast<Category>(i);
        if (family_of(other) == family && size <= rule_of(other).bytes_max) {
            return other;
        }
    }
    return std::nullopt;
}

Error too_large(Category category, ByteCount size, bool is_gif) {
    const ByteCount limit = rule_of(category).bytes_max;
    std::string facts = "The file has " + std::to_string(size.value) + " bytes, " +
                        std::string(name_of(category)) + " takes at most " +
                        std::to_string(limit.value) + ".";
    if (const auto other = category_with_room(category, size, is_gif)) {
        facts += " " + std::string(name_of(*other)) + " would take it: at most " +
                 std::to_string(rule_of(*other).bytes_max.value) + ".";
    }
    return {
        .code = ErrorCode::file_too_large,
        .facts = std::move(facts),
        .size_limit = limit_of(family_of(category), limit),
    };
}

Error forbidden() {
    return {
        .code = ErrorCode::category_forbidden,
        .facts =
            "media_category is amplify_video, which needs the right to advertise (the setting "
            "x.amplify_video is \"deny\" in this server); tweet_video takes the same files.",
    };
}

bool is_gif_taken_as_image(Family wanted, std::string_view essence) {
    return wanted == Family::image && essence == "image/gif";
}

// What is wrong with the size alone.
Result<void> check_total(const CreateUpload& wanted, const UploadLimits& limits) {
    if (wanted.total.value == 0) {
        return Error{
            .code = ErrorCode::total_bytes_invalid,
            .facts = "total_bytes is 0; a file has at least one byte."
        };
    }
    if (wanted.total > limits.upload_bytes_max) {
        return Error{
            .code = ErrorCode::file_too_large,
            .facts = "total_bytes is " + std::to_string(wanted.total.value) +
                     ", this server takes at most " +
                     std::to_string(limits.upload_bytes_max.value) + ".",
            .size_limit = limit_of(Family::video, limits.upload_bytes_max),
        };
    }
    const std::uint64_t least_segment =
        (wanted.total.value + segment_index_max) / (segment_index_max + 1);
    if (least_segment > limits.segment_bytes_max.value) {
        return Error{
            .code = ErrorCode::too_many_segments_needed,
            .facts = "1000 segments of at most " + std::to_string(limits.segment_bytes_max.value) +
                     " bytes cannot hold " + std::to_string(wanted.total.value) + " bytes.",
        };
    }
    return ok();
}

}  // namespace

Uploads::Uploads(UploadServices services, UploadLimits limits)
    : services_(std::move(services)), limits_(limits) {}

Result<Uploads::Checked> Uploads::check(const CreateUpload& wanted) const {
    const std::string essence = lower_case(essence_of(wanted.media_type));
    const bool says_nothing = is_placeholder(essence);
    const auto by_type = default_category(essence);
    if (!says_nothing && (!by_type || (wanted.as_x && is_beyond_x(essence)))) {
        return unsupported(wanted.media_type, wanted.as_x);
    }
    const auto named = wanted.category.empty() ? std::nullopt : parse_category(wanted.category);
    if (!wanted.category.empty() && !named) {
        return unknown_category(wanted.category);
    }
    // Without a category and a type the content will decide, at FINALIZE; a guess until then.
    const Category category = named.value_or(by_type.value_or(Category::tweet_video));
    if (category == Category::amplify_video && !limits_.amplify_video) {
        return forbidden();
    }
    const Family family = family_of(category);
    const bool fits =
        says_nothing || family_of(*by_type) == family || is_gif_taken_as_image(family, essence);
    if (!fits) {
        return conflicting(category, wanted, *by_type);
    }
    if (wanted.total > rule_of(category).bytes_max) {
        return too_large(category, wanted.total, essence == "image/gif");
    }
    return Checked{category, named.has_value()};
}

Result<void> Uploads::admits(const CreateUpload& wanted) const {
    auto checked = check(wanted);
    return checked ? ok() : Result<void>(std::move(checked).error());
}

Result<void> Uploads::check_room(ByteCount wanted, ByteCount least) const {
    const auto room = room_of(services_, limits_.reserve);
    return room && *room && !(**room).holds(std::max(wanted, least)) ? (**room).refusal(wanted)
                                                                     : ok();
}

NewUpload Uploads::new_upload(const CreateUpload& wanted, Checked checked) {
    const bool is_for_ads = checked.category == Category::amplify_video;
    return {
        .id = {services_.ids.next()},
        .owner = wanted.owner,
        .category = checked.category,
        .category_given = checked.category_given,
        .media_type = wanted.media_type,
        .file_name = wanted.file_name,
        .protocol = std::string(wanted.protocol),
        .total = wanted.total,
        .now = services_.clock.now(),
        .lifetime = limits_.lifetime * (is_for_ads && wanted.ads_live_longer ? 15 : 1),
    };
}

NewJob Uploads::new_job(const Upload& upload, const std::vector<Extent>& layout) {
    const auto cost = expected_cost(services_.blobs, upload, layout);
    const auto family = family_of(upload.category);
    const auto corrected = services_.speed.corrected(PredictedFrom::size, family, cost);
    return {
        .id = {services_.ids.next()},
        .media = upload.id,
        .run_at = now(),
        .cost_expected = cost,
        .lane = lane_of(family),
        .rank = services_.ranks->rank_of(upload.owner, lane_of(family), corrected, now()),
    };
}

Result<Upload> Uploads::create(const CreateUpload& wanted) {
    if (auto fitting = check_total(wanted, limits_); !fitting) {
        return std::move(fitting).error();
    }
    auto checked = check(wanted);
    if (!checked) {
        return std::move(checked).error();
    }
    auto inserted = insert_upload(
        services_, limits_, wanted, "INIT", Upload::open(new_upload(wanted, *checked))
    );
    if (!inserted) {
        return std::move(inserted).error();
    }
    if (!inserted->is_repeated) {
        if (auto shared = share(inserted->upload, wanted); !shared) {
            return std::move(shared).error();
        }
    }
    return std::move(inserted->upload);
}

// After the upload, before the answer. Whoever was not answered does not know the id, so what cannot
// be shared is not left standing: it would count among the caller's open uploads until it expires.
Result<void> Uploads::share(const Upload& upload, const CreateUpload& wanted) {
    if (wanted.additional_owners.empty() && !wanted.is_shared) {
        return ok();
    }
    std::vector<Principal> owners;
    owners.reserve(wanted.additional_owners.size());
    for (const std::uint64_t user : wanted.additional_owners) {
        owners.push_back({"user:" + std::to_string(user)});
    }
    auto shared = services_.attachments.share(upload.id, owners, wanted.is_shared);
    if (!shared) {
        static_cast<void>(cancel(upload.owner, upload.id));  // else it expires
    }
    return shared;
}

}  // namespace sluice
