// How a stream begins: what is wrong with it before a byte has come, its row, and what is complete at once.
#include "base/text.hpp"
#include "service/insert_upload.hpp"
#include "service/stream_limits.hpp"
#include "service/streams.hpp"

namespace sluice {
namespace {

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

Result<void> Streams::check_new(const CreateStream& wanted, ByteCount length) const {
    if (length > length_max()) {
        return too_long(Upload{}, length, length_max());
    }
    if (wanted.category.empty()) {
        return ok();
    }
    const CreateUpload as_named{
        .owner = wanted.owner,
        .category = wanted.category,
        .media_type = {},
        .file_name = {},
        .total = length,
    };
    return uploads_.admits(as_named);
}

Result<void> Streams::check_parts(const CreateStream& wanted) {
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
    }
    return check_new(wanted, sum);
}

Result<Upload> Streams::create(const CreateStream& wanted) {
    auto fitting = wanted.kind == UploadKind::joined
                       ? check_parts(wanted)
                       : check_new(wanted, wanted.length.value_or(ByteCount{}));
    if (!fitting) {
        return std::move(fitting).error();
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
        auto joined = try_join(*made);
        if (!joined && (joined.error().code == ErrorCode::quota_exceeded ||
                        joined.error().code == ErrorCode::file_too_large)) {
            static_cast<void>(uploads_.cancel(made->owner, made->id));  // else it expires
        }
        return joined;
    }
    // An empty one, or one that an earlier call of the same key has filled.
    return wanted.ends_at_length ? end_if_whole(*std::move(made)) : std::move(made);
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
    if (!inserted) {
        return std::move(inserted).error();
    }
    if (wanted.was_made_before != nullptr) {
        *wanted.was_made_before = inserted->is_repeated;
    }
    return std::move(inserted->upload);
}

}  // namespace sluice
