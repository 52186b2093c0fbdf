#include <algorithm>

#include "base/text.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

Error unknown(MediaId id, const std::string& name) {
    return {
        .code = ErrorCode::output_unknown,
        .facts = "Nothing named \"" + printable(name) + "\" is there for these credentials.",
        .media_id = id.value,
    };
}

}  // namespace

Result<Delivered> Uploads::find_file(
    const Principal& reader, const std::string& media_key, const std::string& name, bool for_all
) {
    const MediaId id = parse_media_key(media_key).value_or(MediaId{});
    auto found = services_.metadata.find_any(id);
    if (!found) {
        const bool is_absent = found.error().code == ErrorCode::store_not_found;
        return is_absent ? unknown(id, name) : std::move(found).error();
    }
    const Upload& upload = found->upload;
    if (upload.media_key() != media_key) {
        return unknown(id, name);  // the right id behind another category's number
    }
    if (name == "original") {
        if (upload.owner != reader || !upload.has_all_bytes()) {
            return unknown(id, name);
        }
        return Delivered{
            .layout = layout_of(found->segments),
            .size = upload.total,
            .content_type = "application/octet-stream",
            .file_name = upload.file_name,
            .tag = id.text() + "-original",
            .is_original = true,
            .changed_at = upload.created_at,
        };
    }
    // In the same words: whether it exists is nobody else's business.
    if (!for_all && upload.owner != reader) {
        return unknown(id, name);
    }
    auto outputs = services_.metadata.outputs(id);
    if (!outputs) {
        return std::move(outputs).error();
    }
    const auto output = std::ranges::find(*outputs, name, &Output::name);
    if (!upload.may_have_outputs() || output == outputs->end()) {
        return unknown(id, name);
    }
    return Delivered{
        .layout = {output->extent},
        .size = output->extent.length,
        .content_type = output->content_type,
        .file_name = "",
        .tag = std::to_string(output->extent.blob.value),
        .is_original = false,
        .changed_at = output->made_at.value_or(upload.changed_at),
    };
}

}  // namespace sluice
