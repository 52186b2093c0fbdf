// A file that comes in one call: judged by what is known of it before, while and after it comes, and
// stored as an upload of one segment.

#include <algorithm>

#include "base/digest.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "media/category_rules.hpp"
#include "media/first_bytes.hpp"
#include "service/content_type.hpp"
#include "service/mistaken_media.hpp"
#include "service/quota.hpp"
#include "service/refusals.hpp"
#include "service/repeats.hpp"
#include "service/room.hpp"
#include "service/size_limits.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

// `expected` is what the request promises; `total`, once it is known, what came.
std::string size_text(ByteCount total, std::optional<ByteCount> expected) {
    if (total.value > 0) {
        return "The file has " + std::to_string(total.value) + " bytes";
    }
    return expected ? "The file has about " + std::to_string(expected->value) + " bytes"
                    : std::string("The file is larger");
}

// The category that was named, or that type and content make likely; nothing if nothing is known yet.
std::optional<Category> likely_category(
    const CreateUpload& wanted, std::span<const std::byte> start
) {
    if (!wanted.category.empty()) {
        return parse_category(wanted.category);
    }
    if (const auto by_type = default_category(wanted.media_type)) {
        return by_type;
    }
    return default_category(type_of_content(start));
}

std::string likely_type(const CreateUpload& wanted, std::span<const std::byte> start) {
    const std::string_view found = type_of_content(start);
    if (!found.empty()) {
        return std::string(found);
    }
    return wanted.media_type.empty() ? "video/mp4" : std::string(essence_of(wanted.media_type));
}

// The call with which the same file goes through; empty if its size is not known.
std::string init_query(
    const CreateUpload& wanted,
    Category category,
    std::span<const std::byte> start,
    std::optional<ByteCount> size
) {
    if (!size) {
        return {};
    }
    return "command=INIT&total_bytes=" + std::to_string(size->value) +
           "&media_type=" + likely_type(wanted, start) +
           "&media_category=" + std::string(name_of(category));
}

Error empty() {
    return {
        .code = ErrorCode::media_empty,
        .facts =
            "The media has 0 bytes: the file is empty, or its stream was read to the end "
            "before it was sent.",
    };
}

// After a failure of the store the commit may have happened: rather a blob that nobody knows, which the
// sweep of orphans finds, than a row whose bytes are gone.
void remove_if_undone(BlobStore& blobs, const Extent& extent, ErrorCode code) {
    if (code != ErrorCode::storage_failed && code != ErrorCode::storage_full &&
        code != ErrorCode::database_unavailable) {
        static_cast<void>(blobs.remove(extent));
    }
}

Result<void> judge_whole(const ContentClaim& claim, const Incoming& incoming, bool as_x) {
    // A GIF in one call is a picture to X, unless its category says otherwise.
    if (as_x && !claim.category_given && family_of(claim.category) == Family::gif) {
        if (auto refused = too_large_without_category(claim.category, incoming.length())) {
            return *std::move(refused);
        }
    }
    if (!is_text_wanted(claim.category, claim.media_type)) {
        if (auto mistaken = mistaken_media(incoming, true)) {
            return std::move(*mistaken);
        }
    }
    return judge_first_bytes(claim, incoming.start());
}

// All of its states up to the queue in one.
Upload queued_at_once(NewUpload fresh, const Segment& segment) {
    fresh.one_shot = true;
    const Upload open = Upload::open(std::move(fresh));
    const auto filled = open.with_segment(segment, open.created_at);
    const auto sealed = filled->sealed({{segment.index, segment}}, open.created_at);
    return sealed->queued(open.created_at).value();
}

// The answer is that of a FINALIZE, so the bytes survive power loss in every mode; with strict
// durability they do already.
Result<Extent> committed_for_good(BlobStore& blobs, Incoming& incoming) {
    auto extent = incoming.commit();
    auto durable = extent ? blobs.make_durable({*extent}) : ok();
    if (durable) {
        return extent;
    }
    static_cast<void>(blobs.remove(*extent));
    return std::move(durable).error();
}

struct NewWhole {
    Upload upload;
    Segment segment;
    NewJob job;
};

// Nothing: it is made, under an id of its own if the one it had was taken. Else what the same call has
// made on another connection meanwhile; what came now is removed then.
Result<std::optional<Upload>> recorded(
    const UploadServices& services,
    const CreateUpload& wanted,
    NewWhole& made,
    const CreateTerms& terms
) {
    const auto create = [&] {
        return services.metadata.create_whole(made.upload, made.segment, made.job, terms);
    };
    Result<std::optional<Upload>> before = std::optional<Upload>();
    auto created = create();
    for (int round = 0; is_taken(created) && round < takes_max; ++round) {
        if (before = made_before(services, wanted, terms.repeat); !before || *before) {
            break;
        }
        made.job.media = made.upload.id = {services.ids.next()};
        created = create();
    }
    if (created) {
        return before;
    }
    remove_if_undone(services.blobs, made.segment.extent, created.error().code);
    if (before && !*before) {
        before = made_before(services, wanted, terms.repeat);
    }
    return !before || *before ? before
                              : explain_quota(
                                    services.metadata,
                                    made.upload,
                                    terms.quota,
                                    refused_by_store(std::move(created).error(), made.upload.id)
                                );
}

// What an upload that came before will be compared with is as long at most.
Incoming::Limit no_more_than(ByteCount bytes_max, Error longer) {
    return {
        .bytes_max = bytes_max,
        .code = longer.code,
        .words = Incoming::Words{.facts = std::move(longer.facts)},
    };
}

// What tells one file from another under the same key.
std::string whole_text(const Incoming& incoming) {
    return "one call with " + std::to_string(incoming.length().value) + " bytes (CRC-32C " +
           hex8(incoming.crc()) + ")";
}

// What comes now is what came before under its key: without room it can be nothing else.
bool is_repeat(const std::optional<KnownUpload>& before, bool has_room, bool is_whole) {
    return before && (!has_room || (is_whole && before->upload.one_shot));
}

}  // namespace

// What one call takes of this category, and how more is refused.
Incoming::Limit Uploads::whole_limit(
    const CreateUpload& wanted, std::span<const std::byte> start, std::optional<ByteCount> expected
) const {
    const auto category = likely_category(wanted, start);
    const ByteCount by_call = limits_.one_shot_bytes_max;
    if (category && rule_of(*category).bytes_max <= by_call) {
        const ByteCount by_category = rule_of(*category).bytes_max;
        return {
            .bytes_max = by_category,
            .code = ErrorCode::file_too_large,
            .words =
                Incoming::Words{
                    .facts = size_text(wanted.total, expected) + ", " +
                             std::string(name_of(*category)) + " takes at most " +
                             std::to_string(by_category.value) + ".",
                    .of_category = limit_of(family_of(*category), by_category),
                },
        };
    }
    return {
        .bytes_max = by_call,
        .code = ErrorCode::needs_chunked,
        .words =
            Incoming::Words{
                .facts = size_text(wanted.total, expected) + ", one call takes at most " +
                         std::to_string(by_call.value) +
                         ". Larger ones go in four calls: INIT with total_bytes, APPEND for each "
                         "segment of at "
                         "most " +
                         std::to_string(limits_.segment_bytes_max.value) +
                         " bytes with segment_index from 0, FINALIZE, and STATUS until it has "
                         "succeeded.",
                .next_query =
                    init_query(wanted, category.value_or(Category::tweet_video), start, expected),
            },
    };
}

Result<Incoming> Uploads::begin_whole(
    const CreateUpload& wanted, std::optional<ByteCount> expected
) {
    // It may turn out to be something else, so what comes is taken as long as any call would take it.
    const auto judge = [this, wanted, expected](std::span<const std::byte> start
                       ) -> Result<Incoming::Limit> {
        auto limit = whole_limit(wanted, start, expected);
        if (expected && expected->value > limit.bytes_max.value + fields_bytes_max.value) {
            return limit.refusal();
        }
        limit.bytes_max = limits_.call_bytes_max();
        return limit;
    };
    auto limit = judge({});
    if (!limit && likely_category(wanted, {})) {
        return std::move(limit).error();
    }
    // Without a category it may as well be an APPEND, under the key of its INIT.
    const bool is_whole = !wanted.category.empty();
    auto before = known_under_key(services_, wanted, is_whole ? expected : std::nullopt);
    if (!before) {
        return std::move(before).error();
    }
    // If nothing is known of its length, then room for a byte tells whether it is to be a repeat.
    const auto room = check_room(expected.value_or(ByteCount{}), ByteCount{*before ? 1U : 0U});
    if (!room && !*before) {
        return room.error();
    }
    if (is_repeat(*before, room.has_value(), is_whole)) {
        const ByteCount bytes_max = std::min((*before)->upload.total, limits_.call_bytes_max());
        return stage(no_more_than(bytes_max, room ? std::move((*before)->longer) : room.error()));
    }
    auto incoming = stage(limit ? std::move(*limit) : Incoming::Limit{limits_.call_bytes_max()});
    if (incoming) {
        incoming->judge_start_with(judge);  // the first bytes tell what it is
    }
    return incoming;
}

// Its bytes are on the disk by now, or few: what is left has to do for the reserve and what others were promised.
Result<Extent> Uploads::commit_whole(Incoming& incoming) {
    const auto room = room_of(services_, limits_.reserve);
    if (room && *room && !(**room).holds(ByteCount{1})) {
        return (**room).refusal(incoming.length());
    }
    return committed_for_good(services_.blobs, incoming);
}

Result<Upload> Uploads::finish_whole(const CreateUpload& wanted, Incoming incoming) {
    if (incoming.length().value == 0) {
        return empty();
    }
    CreateUpload whole = wanted;
    whole.total = incoming.length();
    if (whole.media_type.empty() && whole.category.empty()) {
        whole.media_type = type_of_content(incoming.start());
    }
    auto checked = check(whole);
    if (!checked) {
        return std::move(checked).error();
    }
    const auto limit = whole_limit(whole, incoming.start(), whole.total);
    if (whole.total > limit.bytes_max) {
        return limit.refusal();
    }
    const ContentClaim claim{
        checked->category, checked->category_given, whole.media_type, wanted.as_x
    };
    if (auto judged = judge_whole(claim, incoming, wanted.as_x); !judged) {
        return std::move(judged).error();
    }
    if (auto admission = admitted(wanted.admission); !admission) {
        return std::move(admission).error();
    }
    CreateTerms terms(limits_.quota);
    terms.repeat = repeat_key_of(whole, whole_text(incoming));
    auto before = made_before(services_, wanted, terms.repeat);
    if (!before || *before) {
        return answer_of(std::move(before));  // what came now is dropped
    }
    auto extent = commit_whole(incoming);
    if (!extent) {
        return std::move(extent).error();
    }
    NewUpload fresh = new_upload(whole, *checked);
    NewWhole made{.segment = {{0}, *extent, incoming.crc(), fresh.now}};
    made.upload = queued_at_once(std::move(fresh), made.segment);
    made.job = new_job(made.upload, {made.segment.extent});
    before = recorded(services_, wanted, made, terms);
    if (!before || *before) {
        return answer_of(std::move(before));
    }
    const Upload& upload = made.upload;
    services_.metrics
        .counter(
            "sluice_uploads_started_total",
            "Uploads begun",
            {{"protocol", upload.protocol}, {"category", name_of(upload.category)}}
        )
        .add();
    services_.job_added();
    if (auto shared = share(upload, wanted); !shared) {
        return std::move(shared).error();
    }
    return upload;
}

}  // namespace sluice
