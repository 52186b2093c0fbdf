#include <algorithm>

#include "base/digest.hpp"
#include "base/metrics.hpp"
#include "base/text.hpp"
#include "core/placement.hpp"
#include "service/checked_load.hpp"
#include "service/doubts.hpp"
#include "service/extent_digest.hpp"
#include "service/mistaken_media.hpp"
#include "service/segment_check.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

std::vector<Extent> extents_in(const SegmentMap& segments, BlobId blob) {
    std::vector<Extent> extents;
    for (const auto& [index, segment] : segments) {
        if (segment.extent.blob == blob) {
            extents.push_back(segment.extent);
        }
    }
    return extents;
}

// A form may promise a little more than its media (fields behind it): with a known stride the
// segment ends where the upload ends at the latest.
ByteCount clipped(ByteCount expected, SegmentIndex index, const Upload& upload) {
    const std::uint64_t at = upload.stride ? upload.stride->value * index.value : 0;
    return at < upload.total.value ? std::min(expected, ByteCount{upload.total.value - at})
                                   : expected;
}

// What will come for sure, when fields may stand behind the media: the rest is judged when it is
// there.
ByteCount certainly(ByteCount expected) {
    return {expected.value - std::min(expected, fields_bytes_max).value};
}

// A segment that is there already is compared, not refused, as long as its upload exists.
bool may_be_repeated(const UploadWithSegments& found, SegmentIndex index) {
    return found.segments.contains(index) && !found.upload.is_over() &&
           found.upload.stream.kind == UploadKind::segments;
}

Error conflicting(const Segment& stands, const Segment& came, MediaId id) {
    return {
        .code = ErrorCode::segment_conflict,
        .facts = "Segment " + std::to_string(came.index.value) + " is there since " +
                 rfc3339(stands.received_at) + " with " +
                 std::to_string(stands.extent.length.value) + " bytes (CRC-32C " +
                 hex8(stands.crc32c) + "); now " + std::to_string(came.extent.length.value) +
                 " bytes came (CRC-32C " + hex8(came.crc32c) + "). The first ones are kept.",
        .media_id = id.value,
    };
}

Error too_large(const Upload& upload, ByteCount length, ByteCount limit) {
    return {
        .code = ErrorCode::segment_too_large,
        .facts = "The segment has at least " + std::to_string(length.value) +
                 " bytes, allowed are " + std::to_string(limit.value) + "." +
                 advised_size(upload.total, limit),
        .media_id = upload.id.value,
    };
}

Error wrong_digest(
    const SentDigest& sent,
    const std::string& expected,
    const std::string& computed,
    ByteCount length
) {
    if (expected.empty()) {
        return {
            .code = ErrorCode::parameter_invalid,
            .facts = sent.name + " is \"" + printable(sent.text) +
                     "\"; it must be an MD5 of 32 hexadecimal digits, or of 24 base64 characters.",
        };
    }
    return {
        .code = ErrorCode::digest_mismatch,
        .facts = sent.name + " says " + expected + ", the " + std::to_string(length.value) +
                 " bytes that came have " + computed + ". Nothing was stored.",
    };
}

// What is wrong with the bytes themselves, as far as it is beyond doubt.
Result<void> judge_segment(
    const Upload& upload, const AppendTarget& target, const Incoming& incoming, ByteCount most
) {
    if (incoming.length() > most) {
        return too_large(upload, incoming.length(), most);
    }
    if (target.as_x || is_text_wanted(upload.category, upload.media_type)) {
        return ok();
    }
    auto mistaken = mistaken_media(incoming, target.index.value == 0);
    if (!mistaken) {
        return ok();
    }
    mistaken->media_id = upload.id.value;
    return std::move(*mistaken);
}

// A segment whose digest does not fit leaves nothing behind.
Result<void> compare_digests(BlobStore& blobs, const AppendTarget& target, const Extent& extent) {
    if (target.digests.empty()) {
        return ok();
    }
    const auto md5 = md5_of(blobs, {extent});
    if (!md5) {
        return md5.error();
    }
    for (const SentDigest& sent : target.digests) {
        const std::string expected = md5_as_hex(sent.text);
        if (!expected.empty() && (expected == *md5 || expected == sent.also_fits)) {
            continue;
        }
        if (extent.length.value > 0 && extent.blob != BlobId{target.id.value}) {
            static_cast<void>(blobs.remove(extent).has_value());
        }
        return wrong_digest(sent, expected, *md5, extent.length);
    }
    return ok();
}

// The same checksum and other bytes: rather than two contents, one of them is not on the disk as it
// came. (Relaxed durability, a pack that others share, and their sync has failed.) What stood and is
// lost is dropped; the upload without it is returned then. What came and is lost is an error.
Result<std::optional<Upload>> lost_one_of(
    const UploadServices& services,
    const UploadWithSegments& found,
    const Segment& stands,
    const Segment& came
) {
    const auto came_is = health_of(services.blobs, came);
    if (!came_is) {
        return came_is.error();
    }
    if (*came_is != SegmentHealth::whole) {
        return Error{
            .code = ErrorCode::storage_failed,
            .facts = "The bytes of this call could not be kept. Send the segment again.",
            .media_id = found.upload.id.value,
        };
    }
    const auto stood_is = health_of(services.blobs, stands);
    if (!stood_is) {
        return stood_is.error();
    }
    const bool may_be_dropped =
        services.doubts != nullptr && found.upload.state == UploadState::open;
    if (*stood_is == SegmentHealth::whole || !may_be_dropped) {
        return std::optional<Upload>();
    }
    auto dropped = services.doubts->drop(found, {stands.index});
    if (!dropped && dropped.error().code != ErrorCode::store_conflict) {
        return std::move(dropped).error();
    }
    // If it has moved on meanwhile, adding to it says so.
    auto now = services.metadata.find(found.upload.owner, found.upload.id);
    return now ? Result<std::optional<Upload>>(*std::move(now)) : std::move(now).error();
}

}  // namespace

Incoming::Limit Uploads::segment_limit() const {
    return {.bytes_max = limits_.segment_bytes_max};
}

Result<Incoming> Uploads::stage(Incoming::Limit limit) {
    return Incoming(services_.blobs, {services_.ids.next()}, nullptr, limit);
}

Result<Incoming> Uploads::begin_unnamed() {
    return stage(segment_limit());
}

std::unique_ptr<BlobWriter> Uploads::place(
    const UploadWithSegments& found, const AppendTarget& target
) {
    const auto& [upload, segments] = found;
    if (!target.length_expected || target.length_expected->value == 0 ||
        segments.contains(target.index)) {
        return nullptr;
    }
    const ByteCount length = clipped(*target.length_expected, target.index, upload);
    const auto at = place_of({target.index, length, upload.total, upload.stride});
    if (!at) {
        return nullptr;
    }
    const BlobId own{upload.id.value};
    auto writer = services_.blobs.place({
        .blob = own,
        .total = upload.total,
        .at = *at,
        .length_max = length,
        .committed = extents_in(segments, own),
    });
    // Refused for whatever reason: a blob of its own will do, or will say why not.
    return writer ? std::move(writer).value() : nullptr;
}

Result<Incoming> Uploads::begin_append(const AppendTarget& target) {
    auto found = load_for_change(services_, target.owner, target.id);
    if (!found) {
        return refused(target.owner, std::move(found).error(), target.id);
    }
    const bool is_repeated = may_be_repeated(*found, target.index);
    const ByteCount expected = certainly(target.length_expected.value_or(ByteCount{0}));
    if (expected > limits_.segment_bytes_max) {
        return too_large(found->upload, expected, limits_.segment_bytes_max);
    }
    if (!is_repeated) {
        if (auto admitted = found->upload.admits(target.index, expected, now()); !admitted) {
            return std::move(admitted).error();
        }
    }
    if (auto admission = admitted(target.admission); !admission) {
        return std::move(admission).error();
    }
    Incoming::Limit limit = segment_limit();
    limit.total = found->upload.total;
    Incoming incoming(
        services_.blobs, {services_.ids.next()}, place(*found, target), std::move(limit)
    );
    incoming.keep_mistaken_start();
    incoming.hold(in_flight_.enter(target.id, target.index));
    return incoming;
}

Result<void> Uploads::check_append(const AppendTarget& target) {
    auto found = load_for_change(services_, target.owner, target.id);
    if (!found) {
        return refused(target.owner, std::move(found).error(), target.id);
    }
    return may_be_repeated(*found, target.index)
               ? ok()
               : found->upload.admits(target.index, ByteCount{}, now());
}

Result<Upload> Uploads::finish_append(const AppendTarget& target, Incoming incoming) {
    // Also for bytes that came before their name.
    incoming.hold(in_flight_.enter(target.id, target.index));
    auto found = load_for_change(services_, target.owner, target.id);
    if (!found) {
        return refused(target.owner, std::move(found).error(), target.id);
    }
    const bool is_repeated = may_be_repeated(*found, target.index);
    // One moment for the judgement and the record: what is stored is not refused as come too late.
    const WallTime received_at = now();
    const auto next = found->upload.admits(target.index, incoming.length(), received_at);
    if (!next && !is_repeated) {
        return next.error();
    }
    if (auto judged = judge_segment(found->upload, target, incoming, limits_.segment_bytes_max);
        !judged) {
        return std::move(judged).error();
    }
    if (auto admission = admitted(target.admission); !admission) {
        return std::move(admission).error();
    }
    auto extent = incoming.commit();
    if (!extent) {
        return remembered(services_, target.id, std::move(extent).error());
    }
    if (auto compared = compare_digests(services_.blobs, target, *extent); !compared) {
        return std::move(compared).error();
    }
    const Segment segment{target.index, *extent, incoming.crc(), received_at};
    if (is_repeated) {
        return settle_repeated(target, segment);
    }
    auto added = add_segment(found->upload, segment);
    if (added || added.error().code != ErrorCode::store_conflict) {
        return added ? std::move(added)
                     : refused(target.owner, std::move(added).error(), target.id);
    }
    return settle_repeated(target, segment);
}

Result<Upload> Uploads::add_segment(const Upload& upload, const Segment& came) {
    const auto stride = stride_from(came.index, came.extent.length, upload.total);
    auto added = services_.metadata.add_segment(upload.id, came, stride, came.received_at);
    if (!added) {
        return std::move(added).error();
    }
    services_.metrics
        .counter("sluice_upload_segments_total", "Segments by result", {{"result", "stored"}})
        .add();
    return upload.with_segment(came, came.received_at);
}

// The index was taken, or the upload has moved on since it was looked at: the store's row says which. What came is
// needed only if what stood there has been dropped meanwhile (a check found its bytes lost): then it takes the place.
Result<Upload> Uploads::settle_repeated(const AppendTarget& target, const Segment& came) {
    bool is_free = false;
    auto settled = compare_stored(target, came, is_free);
    // Each further round takes one more that came first and was dropped again.
    constexpr int rounds_max = 8;
    for (int round = 0; is_free && round < rounds_max; ++round) {
        auto added = add_segment(*settled, came);
        if (added) {
            return added;
        }
        if (added.error().code != ErrorCode::store_conflict) {
            return refused(target.owner, std::move(added).error(), target.id);
        }
        settled = compare_stored(target, came, is_free);
    }
    if (is_free) {
        settled = Error{.code = ErrorCode::store_conflict, .media_id = target.id.value};
    }
    const bool has_own_blob =
        came.extent.length.value > 0 && came.extent.blob != BlobId{target.id.value};
    if (has_own_blob) {
        if (auto removed = services_.blobs.remove(came.extent); !removed) {
            return std::move(removed).error();
        }
    }
    return settled;
}

// The upload as it stands; `is_free`: its index is free, and what came may be added.
Result<Upload> Uploads::compare_stored(
    const AppendTarget& target, const Segment& came, bool& is_free
) {
    is_free = false;
    auto found = load_for_change(services_, target.owner, target.id);
    if (!found) {
        return refused(target.owner, std::move(found).error(), target.id);
    }
    if (!may_be_repeated(*found, target.index)) {
        auto admitted = found->upload.admits(target.index, came.extent.length, came.received_at);
        if (!admitted) {
            return std::move(admitted).error();
        }
        is_free = true;
        return std::move(found->upload);
    }
    const Segment& stands = found->segments.at(target.index);
    // Other checksums are other bytes; the same ones may still be others. Where the original is not
    // kept they are all that there is.
    const bool is_alike =
        stands.crc32c == came.crc32c && stands.extent.length == came.extent.length;
    const auto same = is_alike && found->upload.has_original
                          ? same_bytes(stands.extent, came.extent)
                          : Result<bool>(is_alike);
    if (!same) {
        return same.error();
    }
    services_.metrics
        .counter(
            "sluice_upload_segments_total",
            "Segments by result",
            {{"result", *same ? "repeated" : "conflict"}}
        )
        .add();
    if (*same) {
        return std::move(found->upload);
    }
    if (stands.crc32c == came.crc32c) {
        if (auto lost = lost_one_of(services_, *found, stands, came); !lost || *lost) {
            is_free = lost.has_value();
            return lost ? Result<Upload>(**std::move(lost)) : std::move(lost).error();
        }
    }
    auto conflict = conflicting(stands, came, target.id);
    if (found->upload.state == UploadState::open) {
        return conflict;
    }
    auto refusal = found->upload.admits(target.index, came.extent.length, came.received_at).error();
    refusal.facts += " " + conflict.facts;
    return refusal;
}

Result<bool> Uploads::same_bytes(const Extent& left, const Extent& right) {
    if (left.length != right.length) {
        return false;
    }
    constexpr std::size_t piece_length = 256 * 1024;
    std::vector<std::byte> mine(piece_length);
    std::vector<std::byte> theirs(piece_length);
    for (std::uint64_t at = 0; at < left.length.value; at += piece_length) {
        const std::size_t length = std::min<std::uint64_t>(piece_length, left.length.value - at);
        const std::span a(mine.data(), length);
        const std::span b(theirs.data(), length);
        if (auto read = services_.blobs.read(left, {at}, a); !read) {
            return std::move(read).error();
        }
        if (auto read = services_.blobs.read(right, {at}, b); !read) {
            return std::move(read).error();
        }
        if (!std::ranges::equal(a, b)) {
            return false;
        }
    }
    return true;
}

}  // namespace sluice
