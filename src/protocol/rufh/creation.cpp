#include "protocol/rufh/creation.hpp"

#include <utility>

#include "base/text.hpp"
#include "protocol/common/idempotency_key.hpp"
#include "protocol/common/parameters.hpp"
#include "protocol/common/upload_metadata.hpp"
#include "protocol/rufh/digests.hpp"

namespace sluice::protocol::rufh {
namespace {

// What the file is, as its sender says. tus-js-client says it in Upload-Metadata whatever it speaks; what is
// none there counts as not said, since the field is no part of this protocol.
UploadMetadata about_of(const http::Request& request, const Parameters& query) {
    const auto said = upload_metadata_of(request.joined("Upload-Metadata"));
    auto about = said ? *said : UploadMetadata();
    const auto type = request.header("Content-Type").value_or("");
    if (const auto name = file_name_of(request.header("Content-Disposition").value_or(""));
        !name.empty()) {
        about.file_name = name;
    }
    if (!type.empty() && essence_of(type) != partial_type) {
        about.media_type = type;
    }
    if (const auto category = query.get("media_category"); !category.empty()) {
        about.category = category;
    }
    return about;
}

}  // namespace

Result<CreateStream> wanted_of(
    const http::Request& request, const Fields& fields, Principal owner
) {
    auto key = idempotency_key_of(request);
    if (!key) {
        return key.error();
    }
    Parameters query;
    if (auto read = query.add_query(request.raw_query); !read) {
        return std::move(read).error();
    }
    const std::string digest = request.joined("Repr-Digest");
    if (const auto digests = Digests::parse(digest); !digests) {
        return digests.error();
    }
    const bool is_last = fields.is_complete.value_or(true);
    const UploadMetadata about = about_of(request, query);
    return CreateStream{
        .owner = std::move(owner),
        .length = fields.length || !is_last ? fields.length : fields.body,
        .category = about.category,
        .media_type = about.media_type,
        .file_name = about.file_name,
        .told = digest,
        // With a word for the end also an empty file is looked at before it is complete: its digest may differ.
        .ends_at_length = !fields.is_complete && !request.has_body(),
        .protocol = protocol_name,
        .idempotency_key = *std::move(key),
    };
}

}  // namespace sluice::protocol::rufh
