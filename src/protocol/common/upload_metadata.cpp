#include "protocol/common/upload_metadata.hpp"

#include <algorithm>
#include <vector>

#include "base/base64.hpp"
#include "base/text.hpp"
#include "base/utf8.hpp"

namespace sluice::protocol {
namespace {

constexpr std::size_t metadata_bytes_max = 8192;
constexpr std::size_t pairs_max = 64;
constexpr std::size_t name_bytes_max = 255;

Error wrong(std::string facts) {
    return {.code = ErrorCode::metadata_invalid, .facts = std::move(facts)};
}

bool is_key(std::string_view key) {
    return !key.empty() && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 0x7f; });
}

void take(UploadMetadata& metadata, std::string_view key, const std::string& value) {
    if (key == "filename" || (key == "name" && metadata.file_name.empty())) {
        metadata.file_name = file_name_in(value);
    } else if (key == "filetype" || (key == "type" && metadata.media_type.empty())) {
        metadata.media_type = value;
    } else if (key == "media_category") {
        metadata.category = value;
    }
}

}  // namespace

std::string file_name_in(std::string path) {
    path.erase(0, path.find_last_of("/\\") + 1);
    std::erase_if(path, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 0x7f; });
    path = as_utf8(path);
    return path.size() > name_bytes_max ? "" : path;
}

Result<UploadMetadata> upload_metadata_of(std::string_view field) {
    if (field.size() > metadata_bytes_max) {
        return wrong(
            "Upload-Metadata has " + std::to_string(field.size()) + " bytes, at most " +
            std::to_string(metadata_bytes_max) + " are taken."
        );
    }
    UploadMetadata metadata;
    std::vector<std::string_view> keys;
    while (!trim(field).empty()) {
        const auto comma = std::min(field.find(','), field.size());
        const auto pair = trim(field.substr(0, comma));
        field.remove_prefix(std::min(comma + 1, field.size()));
        const auto blank = std::min(pair.find(' '), pair.size());
        const auto key = pair.substr(0, blank);
        const auto value = base64_decoded_strictly(trim(pair.substr(blank)));
        if (!is_key(key) || std::ranges::find(keys, key) != keys.end() ||
            keys.size() == pairs_max) {
            return wrong(
                "The key \"" + printable(key) +
                "\" is empty, not ASCII, there twice or one too many."
            );
        }
        if (!value) {
            return wrong("The value of \"" + printable(key) + "\" is no base64.");
        }
        keys.push_back(key);
        take(metadata, key, *value);
    }
    return metadata;
}

}  // namespace sluice::protocol
