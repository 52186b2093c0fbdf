// What FINALIZE looks at before it seals: the first bytes, the checksums of the segments, and a digest
// if the caller sent one. Nothing here reads the whole file unless that digest asks for it.

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "core/shortfall.hpp"
#include "media/first_bytes.hpp"
#include "service/extent_digest.hpp"
#include "service/read_pieces.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

constexpr std::size_t checksums_shown = 10;

std::string checksums_text(const SegmentMap& segments) {
    std::string text;
    std::size_t shown = 0;
    for (const auto& [index, segment] : segments) {
        if (shown++ == checksums_shown) {
            return text + " …";
        }
        text += (text.empty() ? "" : ", ") + std::to_string(index.value) + ": " +
                std::to_string(segment.extent.length.value) + " bytes " + hex8(segment.crc32c);
    }
    return text;
}

// All segments but a last one that may be shorter have the same length and checksum.
bool look_identical(const SegmentMap& segments) {
    if (!usual_length(segments)) {
        return false;
    }
    const Segment& first = segments.begin()->second;
    const Segment& last = segments.rbegin()->second;
    const bool last_is_shorter = last.extent.length < first.extent.length;
    if (last_is_shorter && segments.size() < 3) {
        return false;  // one segment and a rest say nothing
    }
    return std::ranges::all_of(segments, [&](const auto& entry) {
        const Segment& segment = entry.second;
        const bool is_rest = last_is_shorter && segment.index == last.index;
        return is_rest ||
               (segment.extent.length == first.extent.length && segment.crc32c == first.crc32c);
    });
}

Error identical(const Upload& upload, const SegmentMap& segments) {
    const auto last = segments.rbegin()->first;
    return {
        .code = ErrorCode::segments_identical,
        .facts = "Indexes 0-" + std::to_string(last.value) + " carry the same " +
                 std::to_string(segments.begin()->second.extent.length.value) + " bytes (CRC-32C " +
                 hex8(segments.begin()->second.crc32c) +
                 "): the reader was not advanced between two APPENDs. This upload takes no other "
                 "bytes: begin a new one with INIT, or DELETE it.",
        .media_id = upload.id.value,
    };
}

bool is_one_byte_only(std::span<const std::byte> bytes) {
    return std::ranges::all_of(bytes, [&](std::byte byte) { return byte == bytes.front(); });
}

}  // namespace

Result<std::vector<std::byte>> Uploads::start_of(const SegmentMap& segments) {
    std::vector<std::byte> start;
    for (const Extent& extent : layout_of(segments)) {
        const std::size_t at = start.size();
        const std::uint64_t wanted =
            std::min<std::uint64_t>(first_bytes_max - at, extent.length.value);
        start.resize(at + wanted);
        if (auto read = services_.blobs.read(extent, {0}, std::span(start).subspan(at)); !read) {
            return std::move(read).error();
        }
        if (start.size() == first_bytes_max) {
            break;
        }
    }
    return start;
}

Result<bool> Uploads::are_identical(const SegmentMap& segments) {
    if (!look_identical(segments)) {
        return false;
    }
    const Extent& first = segments.begin()->second.extent;
    const Extent& last = segments.rbegin()->second.extent;
    const std::size_t length =
        std::min<std::uint64_t>({first_bytes_max, first.length.value, last.length.value});
    std::vector<std::byte> a(length);
    std::vector<std::byte> b(length);
    if (auto read = services_.blobs.read(first, {0}, a); !read) {
        return std::move(read).error();
    }
    if (auto read = services_.blobs.read(last, {0}, b); !read) {
        return std::move(read).error();
    }
    // A run of one byte is filling, not the beginning of a file that was read again and again.
    return length > 0 && a == b && !is_one_byte_only(a);
}

Result<void> Uploads::judge_content(
    const UploadWithSegments& found, std::span<const std::byte> start, const FinishOptions& options
) {
    const auto& [upload, segments] = found;
    const ContentClaim claim{
        upload.category, upload.category_given, upload.media_type, options.as_x
    };
    if (auto judged = judge_first_bytes(claim, start); !judged) {
        Error refused = std::move(judged).error();
        refused.media_id = upload.id.value;
        const bool x_sees_it_later = refused.code == ErrorCode::binary_as_text;
        if (!options.as_x || !x_sees_it_later) {
            return refused;
        }
    }
    const auto repeated = options.as_x ? Result<bool>(false) : are_identical(segments);
    if (!repeated) {
        return repeated.error();
    }
    if (*repeated) {
        return identical(upload, segments);
    }
    return options.original_md5.empty() ? ok() : compare_digest(found, options.original_md5);
}

Result<std::string> md5_of(BlobStore& blobs, const std::vector<Extent>& layout) {
    Md5 md5;
    auto read =
        read_pieces(blobs, layout, [&md5](std::span<const std::byte> piece) { md5.update(piece); });
    return read ? Result<std::string>(md5.finish_hex()) : std::move(read).error();
}

Result<void> Uploads::compare_digest(const UploadWithSegments& found, const std::string& wanted) {
    const std::string expected = md5_as_hex(wanted);
    if (expected.empty()) {
        return Error{
            .code = ErrorCode::parameter_invalid,
            .facts = "original_md5 is \"" + printable(wanted) +
                     "\"; it must be an MD5 of 32 hexadecimal digits, or of 24 base64 characters.",
            .media_id = found.upload.id.value,
        };
    }
    const auto computed = md5_of(services_.blobs, layout_of(found.segments));
    if (!computed) {
        return computed.error();
    }
    if (*computed == expected) {
        return ok();
    }
    return Error{
        .code = ErrorCode::digest_mismatch,
        .facts = "original_md5 says " + expected + ", the " +
                 std::to_string(found.upload.total.value) + " bytes that came have " + *computed +
                 ". CRC-32C by segment: " + checksums_text(found.segments) + ".",
        .media_id = found.upload.id.value,
    };
}

}  // namespace sluice
