#include "protocol/common/form_parts.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace sluice::protocol {
namespace {

// What the inspector keeps of a part.
constexpr std::size_t part_start_bytes = 256;
// Of an APPEND's four parts, with the start of its media.
constexpr std::size_t usual_notes_bytes = 415;
constexpr std::size_t usual_notes_bytes_without_starts = 159;

// As much of a text as has its length noted; longer ones are no names.
std::string_view noted(std::string_view text) {
    return text.substr(0, std::numeric_limits<std::uint16_t>::max());
}

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

bool is_media(const std::string& name) {
    return name == "media" || name == "media_data";
}

bool is_base64(const http::PartHead& head, bool is_multipart) {
    return head.name == "media_data" || !is_multipart || head.is_base64;
}

// Text parts with a file name exist (python-twitter): only what says it is binary is a file.
bool is_file(const http::PartHead& head) {
    const std::string_view type = head.content_type;
    return head.file_name && (type.starts_with("image/") || type.starts_with("video/") ||
                              type == "application/octet-stream");
}

PartNotes::PartNotes(bool are_wanted, bool with_starts)
    : are_wanted_(are_wanted), with_starts_(with_starts) {
    if (are_wanted) {
        texts_.reserve(with_starts ? usual_notes_bytes : usual_notes_bytes_without_starts);
    }
}

PartNotes::Lengths PartNotes::lengths_at(std::size_t place) const {
    SLUICE_ASSERT(place + sizeof(Lengths) <= texts_.size());
    Lengths lengths;
    std::memcpy(&lengths, texts_.data() + place, sizeof lengths);
    return lengths;
}

void PartNotes::set_last(const Lengths& lengths) {
    std::memcpy(texts_.data() + last_, &lengths, sizeof lengths);
}

void PartNotes::begin(const http::PartHead& head) {
    if (!are_wanted_) {
        return;
    }
    const std::string_view name = noted(head.name);
    const std::string_view file_name = noted(head.file_name ? *head.file_name : std::string_view());
    const std::string_view content_type = noted(head.content_type);
    last_ = static_cast<std::uint32_t>(texts_.size());
    texts_.append(sizeof(Lengths), '\0');
    set_last({
        .name = static_cast<std::uint16_t>(name.size()),
        .file_name = static_cast<std::uint16_t>(file_name.size()),
        .content_type = static_cast<std::uint16_t>(content_type.size()),
    });
    texts_.append(name).append(file_name).append(content_type);
}

void PartNotes::add(std::span<const std::byte> data) {
    if (!are_wanted_) {
        return;
    }
    Lengths lengths = lengths_at(last_);
    const std::size_t room = with_starts_ ? part_start_bytes - lengths.start : 0;
    const std::size_t kept = std::min(data.size(), room);
    texts_.append(reinterpret_cast<const char*>(data.data()), kept);
    lengths.start = static_cast<std::uint16_t>(lengths.start + kept);
    lengths.part += data.size();
    set_last(lengths);
}

void PartNotes::end(std::uint32_t crc) {
    if (are_wanted_) {
        Lengths lengths = lengths_at(last_);
        lengths.has_crc = 1;
        set_last(lengths);
        std::array<char, sizeof crc> bytes;
        std::memcpy(bytes.data(), &crc, sizeof crc);
        texts_.append(bytes.data(), bytes.size());
    }
}

std::vector<ReceivedPart> PartNotes::all() const {
    std::vector<ReceivedPart> parts;
    for (std::size_t place = 0; place < texts_.size();) {
        const Lengths lengths = lengths_at(place);
        place += sizeof lengths;
        const auto next = [&](std::size_t length) {
            return texts_.substr(std::exchange(place, place + length), length);
        };
        ReceivedPart& part = parts.emplace_back();
        part.place = "body";
        part.name = next(lengths.name);
        part.file_name = next(lengths.file_name);
        part.content_type = next(lengths.content_type);
        part.start = next(lengths.start);
        part.length = {lengths.part};
        if (lengths.has_crc != 0) {
            part.crc32c = 0;
            std::memcpy(&*part.crc32c, next(sizeof(std::uint32_t)).data(), sizeof(std::uint32_t));
        }
    }
    return parts;
}

}  // namespace sluice::protocol
