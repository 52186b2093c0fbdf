#include "service/streams.hpp"

#include "base/text.hpp"
#include "service/checked_load.hpp"
#include "service/insert_upload.hpp"
#include "service/peers.hpp"
#include "service/quota.hpp"
#include "service/refusals.hpp"
#include "service/stream_limits.hpp"

namespace sluice {
namespace {

// A stream that is fed lives on, up to so many times its lifetime.
constexpr int lifetimes_max = 7;

// A stream of more pieces is gathered in a blob of its own, whatever its length is or will be.
constexpr std::uint32_t pieces_apart_max = 64;

Error about(const Upload& upload, ErrorCode code, std::string facts) {
    return {.code = code, .facts = std::move(facts), .media_id = upload.id.value};
}

Error beyond(const Upload& upload, ByteCount total, ByteCount length) {
    const bool is_complete_part =
        upload.stream.kind == UploadKind::part && upload.received == total;
    return about(
        upload,
        ErrorCode::beyond_total_bytes,
        "The upload has a length of " + std::to_string(total.value) + " bytes, " +
            std::to_string(upload.received.value) + " are there, and " +
            std::to_string(length.value) + " more were to come." +
            (is_complete_part ? " It is a part, complete, and waits to be joined." : "")
    );
}

std::string quota_text(const Quota& quota, ByteCount room) {
    return std::to_string(quota.bytes_max.value) + " bytes are allowed, " +
           std::to_string(room.value) +
           " more were left for this upload, whose length is not known; more than those came.";
}

Error inconsistent(const Upload& upload, ByteCount end, ByteCount total) {
    return about(
        upload,
        ErrorCode::length_invalid,
        "The request is to be the last one, and ends at " + std::to_string(end.value) +
            "; the upload has a length of " + std::to_string(total.value) + "."
    );
}

// All before the offset, wherever those bytes are: the next ones go behind it, and its segments need not be
// looked at for each request.
std::vector<Extent> not_to_be_written(const Upload& upload) {
    return {Extent{{upload.id.value}, {0}, upload.received}};
}

}  // namespace

Error StreamAppend::taken_over() const {
    return about(
        upload_,
        ErrorCode::upload_taken_over,
        "A later request took this upload over after " + std::to_string(upload_.received.value) +
            " bytes were stored."
    );
}

WallTime Streams::expiry_of(const Upload& upload) const {
    const auto lifetime = uploads_.limits().lifetime;
    return std::min(services_.clock.now() + lifetime, upload.created_at + lifetimes_max * lifetime);
}

Result<void> Streams::admit_length(const AppendToStream& wanted, const Upload& upload) const {
    const ByteCount end = upload.received + wanted.length.value_or(ByteCount{});
    if (wanted.total && upload.stream.length_known && *wanted.total != upload.total) {
        return about(
            upload,
            ErrorCode::length_invalid,
            "The length was told before, " + std::to_string(upload.total.value) +
                "; now it was to be " + std::to_string(wanted.total->value) + "."
        );
    }
    if (wanted.total && *wanted.total > most_of(upload, length_max())) {
        return too_long(upload, *wanted.total, length_max());
    }
    if (wanted.total && !upload.stream.length_known && *wanted.total < end) {
        return about(
            upload,
            ErrorCode::length_invalid,
            "The length is to be " + std::to_string(wanted.total->value) + ", but " +
                std::to_string(end.value) + " bytes are there, those of this call included."
        );
    }
    return ok();
}

Result<void> Streams::admit(const AppendToStream& wanted, const Upload& upload) const {
    if (upload.stream.kind == UploadKind::joined) {
        return about(
            upload,
            ErrorCode::upload_is_joined,
            "Its bytes are those of " + std::to_string(upload.stream.parts.size()) + " parts."
        );
    }
    if (wanted.at != upload.received) {
        return about(
            upload,
            ErrorCode::offset_mismatch,
            "The request says " + std::to_string(wanted.at.value) + "; the upload has " +
                std::to_string(upload.received.value) + " bytes."
        );
    }
    if (auto fitting = admit_length(wanted, upload); !fitting) {
        return fitting;
    }
    const ByteCount length = wanted.length.value_or(ByteCount{});
    if (upload.stream.length_known && length > upload.total - upload.received) {
        return beyond(upload, upload.total, length);
    }
    const auto total = upload.stream.length_known ? std::optional(upload.total) : wanted.total;
    if (wanted.is_last.value_or(false) && wanted.length && total &&
        upload.received + length != *total) {
        return inconsistent(upload, upload.received + length, *total);
    }
    return upload.received + length > most_of(upload, length_max())
               ? too_long(upload, upload.received + length, length_max())
               : ok();
}

Result<ByteCount> Streams::admit_growth(const AppendToStream& wanted, const Upload& upload) const {
    const Quota& quota = uploads_.limits().quota;
    const auto end_max =
        end_by_quota(services_.metadata, upload, quota, most_of(upload, length_max()));
    const ByteCount end =
        wanted.total.value_or(upload.received + wanted.length.value_or(ByteCount{}));
    return !end_max || upload.stream.length_known || end <= *end_max
               ? end_max
               : growth_refused(services_.metadata, upload, quota, end - upload.received);
}

// Of several at once on this node the last one has both the lease and the token.
Result<void> Streams::take(StreamAppend& append, MediaId id) {
    if (services_.peers == nullptr) {
        append.lease_ = leases_.take(id);
        return ok();
    }
    const std::lock_guard order(takes_[id.value % takes_.size()]);
    append.lease_ = leases_.take(id);
    const auto token = services_.peers->take_stream(id);
    if (!token) {
        return token.error();
    }
    append.lease_->token = *token;
    return ok();
}

Result<StreamAppend> Streams::begin(const AppendToStream& wanted) {
    auto found = find_for_change(wanted.owner, wanted.id);
    if (!found) {
        return std::move(found).error();
    }
    if (auto fitting = admit(wanted, *found); !fitting) {
        return std::move(fitting).error();
    }
    const auto end_max = admit_growth(wanted, *found);
    // What the quota refuses counts in the rate: it is no mistake of the call, and is sent again and again.
    if (auto admission = admitted(wanted.admission); !admission) {
        return std::move(admission).error();
    }
    if (!end_max) {
        return end_max.error();
    }
    StreamAppend append;
    if (auto taken = take(append, wanted.id); !taken) {
        return std::move(taken).error();
    }
    // What the earlier request has stored until it was ended, it has stored.
    found = find_for_change(wanted.owner, wanted.id);
    if (!found) {
        return std::move(found).error();
    }
    if (auto fitting = admit(wanted, *found); !fitting) {
        return std::move(fitting).error();
    }
    const bool is_known = found->stream.length_known;
    append.total_ = is_known ? std::nullopt : wanted.total;
    if (wanted.is_last.value_or(false) && wanted.length && !is_known) {
        append.total_ = found->received + *wanted.length;
    }
    append.is_last_ = wanted.is_last;
    append.end_max_ = is_known ? found->total : append.total_.value_or(*end_max);
    append.upload_ = *std::move(found);
    return append;
}

Error Streams::lost(const StreamAppend& append) const {
    const auto found = services_.metadata.find(append.upload_.owner, append.upload_.id);
    const bool is_over = found && (found->is_over() || found->is_due(services_.clock.now()));
    return is_over ? gone(*found) : append.taken_over();
}

Result<Incoming> Streams::begin_piece(StreamAppend& append, std::optional<ByteCount> expected) {
    const Upload& upload = append.upload_;
    if (upload.segments_received > UINT16_MAX) {
        return about(
            upload,
            ErrorCode::too_many_pieces,
            "It came in " + std::to_string(upload.segments_received) + " pieces, of " +
                std::to_string(upload.received.value / upload.segments_received) +
                " bytes on average; this storage cannot put one behind the other."
        );
    }
    Incoming::Limit limit{append.room(), ErrorCode::beyond_total_bytes};
    Incoming::Words words{beyond(upload, append.end_max_, append.room() + ByteCount{1}).facts};
    const bool is_open_end = !upload.stream.length_known && !append.total_;
    if (is_open_end && append.end_max_ < most_of(upload, length_max())) {
        limit.code = ErrorCode::quota_exceeded;
        words.facts = quota_text(uploads_.limits().quota, append.room());
    } else if (is_open_end) {
        limit.code = ErrorCode::file_too_large;
        words.facts = too_long(upload, append.end_max_ + ByteCount{1}, length_max()).facts;
    }
    limit.words = std::move(words);
    const ByteCount length = std::min(expected.value_or(append.room()), append.room());
    std::unique_ptr<BlobWriter> writer;
    const bool is_in_many = upload.segments_received >= pieces_apart_max;
    if ((upload.stream.length_known || append.total_ || is_in_many) && length.value > 0) {
        auto placed = services_.blobs.place({
            .blob = {upload.id.value},
            .total = append.end_max_,
            .at = {append.at().value},
            .length_max = length,
            .committed = not_to_be_written(upload),
            .is_reserved = !is_in_many,
        });
        // Refused for whatever reason: a blob of its own will do, or will say why not.
        writer = placed ? std::move(placed).value() : nullptr;
    }
    Incoming incoming(services_.blobs, {services_.ids.next()}, std::move(writer), std::move(limit));
    incoming.hold(uploads_.in_flight_.enter(upload.id));
    return incoming;
}

Result<void> Streams::extend(StreamAppend& append, std::optional<Segment> segment) {
    Upload& upload = append.upload_;
    const Quota& quota = uploads_.limits().quota;
    const ByteCount received = upload.received + (segment ? segment->extent.length : ByteCount{});
    const ByteCount end = append.total_.value_or(received);
    const bool grows = !upload.stream.length_known && end > upload.received;
    Extension more{
        .id = upload.id,
        .at = upload.received,
        .segment = segment,
        .total = append.total_,
        .expires_at = expiry_of(upload),
        .now = services_.clock.now(),
        .token = append.lease_->token,
        .owner_bytes_max = grows ? quota.bytes_max : ByteCount{},
    };
    if (services_.peers == nullptr) {
        tails_.join(upload, more);
    }
    auto extended = services_.metadata.extend(more);
    if (!extended && extended.error().code == ErrorCode::quota_exceeded) {
        return growth_refused(services_.metadata, upload, quota, end - upload.received);
    }
    if (!extended) {
        return extended.error().code == ErrorCode::store_conflict
                   ? lost(append)
                   : uploads_.refused(upload.owner, std::move(extended).error(), upload.id);
    }
    upload.received = received;
    upload.segments_received += more.adds_segment() ? 1 : 0;
    if (more.segment) {
        tails_.note(upload, *more.segment);
    }
    if (!upload.stream.length_known) {
        upload.total = end;
        upload.stream.length_known = append.total_.has_value();
    }
    upload.expires_at = std::max(upload.expires_at, more.expires_at);
    append.has_stored_ = true;
    return ok();
}

Result<void> Streams::store(StreamAppend& append, Incoming piece) {
    StreamLease& lease = *append.lease_;
    const std::lock_guard<PassedLock> guard(lease.mutex);
    lease.is_asked_to_store = false;
    if (lease.is_lost) {
        return lost(append);
    }
    auto stored = ok();
    if (piece.length().value > 0) {
        auto extent = piece.commit();
        if (!extent) {
            return remembered(services_, append.upload_.id, std::move(extent).error());
        }
        const auto index = static_cast<std::uint16_t>(append.upload_.segments_received);
        stored = extend(append, Segment{{index}, *extent, piece.crc(), services_.clock.now()});
    }
    lease.has_unstored = false;
    lease.settled.notify_all();
    return stored;
}

Result<Upload> Streams::finish(StreamAppend append) {
    StreamLease& lease = *append.lease_;
    {
        const std::lock_guard<PassedLock> guard(lease.mutex);
        // Whoever came later found the bytes of this one stored: then it has done what it was to do.
        if (lease.is_lost && !append.has_stored_) {
            return lost(append);
        }
        const bool may_grow = append.upload_.state == UploadState::open;
        const bool is_end = append.is_last_.value_or(false) &&
                            !append.upload_.stream.length_known && !append.total_;
        if (is_end) {
            append.total_ = append.upload_.received;
        }
        const bool grows = (is_end || !append.has_stored_) && may_grow;
        auto extended = grows ? extend(append, std::nullopt) : ok();
        if (!extended) {
            return std::move(extended).error();
        }
    }
    const Upload& upload = append.upload_;
    const auto total = upload.stream.length_known ? std::optional(upload.total) : append.total_;
    if (append.is_last_.value_or(false) && upload.state == UploadState::open &&
        total != upload.received) {
        return inconsistent(upload, upload.received, total.value_or(ByteCount{}));
    }
    if (total != upload.received || upload.state != UploadState::open ||
        !append.is_last_.value_or(true)) {
        return upload;
    }
    if (upload.stream.kind == UploadKind::stream) {
        return complete(upload.owner, upload.id);
    }
    auto joined = join_waiting(upload.owner, upload.id);
    return joined ? Result<Upload>(upload) : std::move(joined).error();
}

}  // namespace sluice
