#include "service/streams.hpp"

#include "base/text.hpp"
#include "service/checked_load.hpp"
#include "service/insert_upload.hpp"
#include "service/peers.hpp"
#include "service/refusals.hpp"

namespace sluice {
namespace {

// A stream that is fed lives on, up to so many times its lifetime.
constexpr int lifetimes_max = 7;

// A stream of more pieces is gathered in a blob of its own, whatever its length is or will be.
constexpr std::uint32_t pieces_apart_max = 64;

Error about(const Upload& upload, ErrorCode code, std::string facts) {
    return {.code = code, .facts = std::move(facts), .media_id = upload.id.value};
}

Error too_long(ByteCount length, ByteCount most) {
    return {
        .code = ErrorCode::file_too_large,
        .facts = "The upload has at least " + std::to_string(length.value) +
                 " bytes, this server takes at most " + std::to_string(most.value) + ".",
    };
}

Error beyond(const Upload& upload, ByteCount total, ByteCount length) {
    return about(
        upload,
        ErrorCode::beyond_total_bytes,
        "The upload has a length of " + std::to_string(total.value) + " bytes, " +
            std::to_string(upload.received.value) + " are there, and " +
            std::to_string(length.value) + " more were to come."
    );
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

// A declared type is for people and for GET; what cannot be one is not kept.
std::string kept_type(const std::string& declared) {
    constexpr std::size_t length_max = 200;
    const bool is_plain = declared.size() <= length_max &&
                          declared.find('/') != std::string::npos &&
                          declared.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                              "!#$&^_.+-/; =\"'"
                          ) == std::string::npos;
    return is_plain ? declared : "";
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

Result<void> Streams::check_new(const CreateStream& wanted) const {
    if (wanted.length && *wanted.length > length_max()) {
        return too_long(*wanted.length, length_max());
    }
    if (wanted.category.empty()) {
        return ok();
    }
    const CreateUpload as_named{
        .owner = wanted.owner,
        .category = wanted.category,
        .media_type = {},
        .file_name = {},
        .total = wanted.length.value_or(ByteCount{}),
    };
    return uploads_.admits(as_named);
}

Result<ByteCount> Streams::check_parts(const CreateStream& wanted) {
    ByteCount sum;
    for (const MediaId part : wanted.parts) {
        auto found = services_.metadata.find(wanted.owner, part);
        if (!found && found.error().code != ErrorCode::store_not_found) {
            return std::move(found).error();
        }
        const bool is_part = found && found->stream.kind == UploadKind::part &&
                             found->state == UploadState::open &&
                             services_.clock.now() < found->expires_at;
        if (!is_part) {
            return Error{
                .code = ErrorCode::concatenation_invalid,
                .facts =
                    "Upload " + part.text() + " is no partial upload of yours that is still there.",
            };
        }
        sum += found->stream.length_known ? found->total : found->received;
        if (sum > length_max()) {
            return too_long(sum, length_max());
        }
    }
    return sum;
}

Result<Upload> Streams::create(const CreateStream& wanted) {
    if (auto fitting = check_new(wanted); !fitting) {
        return std::move(fitting).error();
    }
    if (auto sum = check_parts(wanted); !sum) {
        return std::move(sum).error();
    }
    const auto named = parse_category(wanted.category);
    const auto by_type = default_category(lower_case(essence_of(wanted.media_type)));
    NewUpload fresh{
        .id = {services_.ids.next()},
        .owner = wanted.owner,
        .category = named.value_or(by_type.value_or(Category::tweet_video)),
        .category_given = named.has_value(),
        .media_type = kept_type(wanted.media_type),
        .file_name = wanted.file_name,
        .protocol = std::string(wanted.protocol),
        .total = wanted.length.value_or(ByteCount{}),
        .now = services_.clock.now(),
        .lifetime = uploads_.limits().lifetime,
        .stream = {wanted.kind, wanted.length.has_value(), wanted.parts, wanted.told},
    };
    auto made = insert(wanted, std::move(fresh));
    if (!made || made->state != UploadState::open) {
        return made;
    }
    if (made->stream.kind == UploadKind::joined) {
        return try_join(*made);
    }
    const bool is_empty_file =
        wanted.ends_at_length && made->stream.length_known && made->total.value == 0;
    return is_empty_file ? complete(made->owner, made->id) : std::move(made);
}

Result<Upload> Streams::insert(const CreateStream& wanted, NewUpload fresh) {
    const CreateUpload call{
        .owner = wanted.owner,
        .category = wanted.category,
        .media_type = wanted.media_type,
        .file_name = wanted.file_name,
        .total = fresh.total,
        .admission = wanted.admission,
        .idempotency_key = wanted.idempotency_key,
    };
    auto inserted = insert_upload(
        services_, uploads_.limits(), call, wanted.told, Upload::open(std::move(fresh))
    );
    return inserted ? Result<Upload>(std::move(inserted->upload)) : std::move(inserted).error();
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
    if (wanted.total && *wanted.total > length_max()) {
        return too_long(*wanted.total, length_max());
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
    return upload.received + length > length_max()
               ? too_long(upload.received + length, length_max())
               : ok();
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
    if (auto admission = admitted(wanted.admission); !admission) {
        return std::move(admission).error();
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
    append.end_max_ = is_known ? found->total : append.total_.value_or(length_max());
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
    limit.facts = beyond(upload, append.end_max_, append.room() + ByteCount{1}).facts;
    if (append.end_max_ == length_max() && !upload.stream.length_known) {
        limit = {append.room(), ErrorCode::file_too_large};
        limit.facts = too_long(length_max() + ByteCount{1}, length_max()).facts;
    }
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
    Extension more{
        .id = upload.id,
        .at = upload.received,
        .segment = segment,
        .total = append.total_,
        .expires_at = expiry_of(upload),
        .now = services_.clock.now(),
        .token = append.lease_->token,
    };
    if (services_.peers == nullptr) {
        tails_.join(upload, more);
    }
    auto extended = services_.metadata.extend(more);
    if (!extended) {
        return extended.error().code == ErrorCode::store_conflict
                   ? lost(append)
                   : uploads_.refused(upload.owner, std::move(extended).error(), upload.id);
    }
    if (more.segment) {
        upload.received += more.growth();
        upload.segments_received += more.adds_segment() ? 1 : 0;
        tails_.note(upload, *more.segment);
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
        if ((is_end || !append.has_stored_) && may_grow) {
            if (auto extended = extend(append, std::nullopt); !extended) {
                return std::move(extended).error();
            }
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
