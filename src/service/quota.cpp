#include "service/quota.hpp"

namespace sluice {
namespace {

// Enough to see a pattern.
constexpr std::uint32_t uploads_named = 3;

std::string open_uploads_text(const std::vector<Upload>& oldest) {
    std::string text;
    for (const Upload& upload : oldest) {
        text += (text.empty() ? " The oldest are " : ", ") + upload.id.text() + " (begun at " +
                rfc3339(upload.created_at) + ", " + std::to_string(upload.received.value) + " of " +
                std::to_string(upload.total.value) + " bytes, expires at " +
                rfc3339(upload.expires_at) + ")";
    }
    return text.empty() ? text : text + ".";
}

std::string bytes_text(const Usage& used, const Quota& quota, const std::string& need) {
    return std::to_string(quota.bytes_max.value) + " bytes are allowed, " +
           std::to_string(used.bytes.value) + " are used or reserved; this upload needs " + need +
           ". " + std::to_string(used.uploads_open) +
           " uploads are open and reserve their whole size, or what has come if it is not known.";
}

}  // namespace

Error explain_quota(
    MetadataStore& metadata, const Upload& upload, const Quota& quota, Error refused
) {
    const bool is_count = refused.code == ErrorCode::too_many_open_uploads;
    if (!is_count && refused.code != ErrorCode::quota_exceeded) {
        return refused;
    }
    const auto used = metadata.usage_of(upload.owner);
    const auto oldest = metadata.oldest_open(upload.owner, uploads_named);
    if (!used || !oldest) {
        return refused;
    }
    refused.facts = is_count ? std::to_string(used->uploads_open) + " uploads are open, " +
                                   std::to_string(quota.uploads_open_max) + " are allowed."
                             : bytes_text(*used, quota, std::to_string(upload.total.value));
    refused.facts += open_uploads_text(*oldest);
    refused.media_id = 0;  // the one that was refused does not exist
    if (!oldest->empty()) {
        const Upload& first = oldest->front();
        refused.media_id = first.id.value;
        refused.facts += " DELETE /api/v1/uploads/" + first.id.text() + " cancels the first.";
        const auto left =
            std::chrono::ceil<std::chrono::seconds>(first.expires_at - upload.created_at);
        refused.retry_after =
            is_count ? std::max(left, std::chrono::seconds(1)) : std::chrono::seconds(0);
    }
    return refused;
}

Result<ByteCount> end_by_quota(
    MetadataStore& metadata, const Upload& upload, const Quota& quota, ByteCount otherwise
) {
    if (quota.bytes_max.value == 0 || upload.stream.length_known) {
        return otherwise;
    }
    const auto used = metadata.usage_of(upload.owner);
    if (!used) {
        return used.error();
    }
    const ByteCount room =
        used->bytes < quota.bytes_max ? quota.bytes_max - used->bytes : ByteCount{};
    return std::min(otherwise, upload.received + room);
}

Error growth_refused(
    MetadataStore& metadata, const Upload& upload, const Quota& quota, ByteCount more
) {
    Error refused{.code = ErrorCode::quota_exceeded, .media_id = upload.id.value};
    const auto used = metadata.usage_of(upload.owner);
    const auto oldest = metadata.oldest_open(upload.owner, uploads_named);
    if (used && oldest) {
        refused.facts = bytes_text(*used, quota, std::to_string(more.value) + " more") +
                        open_uploads_text(*oldest);
    }
    return refused;
}

}  // namespace sluice
