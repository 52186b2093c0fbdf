#include "protocol/common/form_parts.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

// What the inspector keeps of a part.
constexpr std::size_t part_start_bytes = 256;

}  // namespace

// What follows the media in a multipart body if it is the last part: CRLF "--" boundary "--" CRLF.
std::uint64_t closing_length(std::string_view content_type) {
    const std::string lower = lower_case(content_type);
    const auto at = lower.find("boundary=");
    if (at == std::string::npos) {
        return 0;
    }
    const std::string_view value = content_type.substr(at + 9);
    const bool is_quoted = value.starts_with('"');
    const auto end = is_quoted ? value.find('"', 1) : value.find_first_of(";, ");
    const std::size_t length = std::min(end, value.size()) - (is_quoted ? 1 : 0);
    return length + 8;
}

bool is_media(std::string_view name) {
    return name == "media" || name == "media_data";
}

bool is_base64(const http::PartHead& head, bool is_multipart) {
    return head.name == "media_data" || !is_multipart || head.transfer_encoding == "base64";
}

// A part that carries the media under another name.
bool is_misnamed_media(std::string_view name) {
    static constexpr std::array<std::string_view, 14> names{
        "file",
        "files",
        "file[]",
        "media[]",
        "media_data[]",
        "data",
        "image",
        "video",
        "upload",
        "photo",
        "attachment",
        "mediaData",
        "media_file",
        "blob",
    };
    return std::ranges::find(names, name) != names.end();
}

// Text parts with a file name exist (python-twitter): only what says it is binary is a file.
bool is_file(const http::PartHead& head) {
    const std::string_view type = head.content_type;
    return head.file_name && (type.starts_with("image/") || type.starts_with("video/") ||
                              type == "application/octet-stream");
}

void note_part(Exchange& exchange, const http::PartHead& head) {
    if (exchange.wants_parts) {
        exchange.parts.push_back({
            .name = head.name,
            .place = "body",
            .file_name = head.file_name.value_or(""),
            .content_type = head.content_type,
        });
    }
}

void note_data(Exchange& exchange, std::span<const std::byte> data) {
    if (!exchange.wants_parts) {
        return;
    }
    ReceivedPart& part = exchange.parts.back();
    part.length.value += data.size();
    const std::size_t kept = std::min(data.size(), part_start_bytes - part.start.size());
    part.start.append(reinterpret_cast<const char*>(data.data()), kept);
}

}  // namespace sluice::protocol
