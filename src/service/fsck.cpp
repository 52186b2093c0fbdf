#include "service/fsck.hpp"

#include <algorithm>
#include <array>

#include "service/pack_coverage.hpp"
#include "service/segment_check.hpp"

namespace sluice {
namespace {

constexpr std::uint32_t page = 200;
// Then it is away.
constexpr int unanswered_max = 3;

std::string where(const Extent& extent) {
    return std::to_string(extent.length.value) + " bytes at " +
           std::to_string(extent.offset.value) + " of blob " + std::to_string(extent.blob.value);
}

std::string which_of(const Upload& upload, const Segment& segment) {
    return "Segment " + std::to_string(segment.index.value) + " of the " +
           std::string(name_of(upload.state)) + " upload, " + where(segment.extent);
}

std::string which_of(const Output& output) {
    return "Output " + output.name + ", " + where(output.extent);
}

FsckProblem problem_of(const Upload& upload, const Segment& segment, SegmentHealth health) {
    const std::string which = which_of(upload, segment);
    switch (health) {
        case SegmentHealth::missing:
            return {"segment_missing", upload.id, which + ": the file is not there."};
        case SegmentHealth::too_short:
            return {"segment_too_short", upload.id, which + ": the file ends before it."};
        default:
            return {"segment_differs", upload.id, which + ": its CRC-32C is another."};
    }
}

// The last byte is there, so the others are.
Result<SegmentHealth> health_by_end(BlobStore& blobs, const Extent& extent) {
    if (extent.length.value == 0) {
        return SegmentHealth::whole;
    }
    std::array<std::byte, 1> last{};
    auto read = blobs.read(extent, {extent.length.value - 1}, last);
    return read ? SegmentHealth::whole : health_by(std::move(read).error());
}

// Rows from before there were checksums of what is made say nothing of the bytes.
Result<SegmentHealth> health_of(BlobStore& blobs, const Output& output) {
    return output.crc32c ? health_of(blobs, output.extent, *output.crc32c)
                         : health_by_end(blobs, output.extent);
}

FsckProblem problem_of(MediaId id, const Output& output, SegmentHealth health) {
    const std::string which = which_of(output);
    switch (health) {
        case SegmentHealth::missing:
            return {"output_missing", id, which + ": the file is not there."};
        case SegmentHealth::too_short:
            return {"output_too_short", id, which + ": the file ends before it."};
        default:
            return {"output_differs", id, which + ": its CRC-32C is another."};
    }
}

}  // namespace

Result<FsckCounts> Fsck::run(const EachFile& each_file, const EachPack& each_pack) {
    // First: what is mended later leaves places behind that are no orphans.
    auto packs = each_pack([this](BlobId id, const Result<SharedBlobContent>& pack) {
        FsckProblem unread{"pack_unreadable", {0}, "Pack " + std::to_string(id.value)};
        return pack ? check_pack(*pack) : tell_unreadable(std::move(unread), pack.error());
    });
    if (!packs) {
        return std::move(packs).error();
    }
    if (auto checked = check_all(); !checked) {
        return std::move(checked).error();
    }
    auto walked = each_file([this](BlobId blob, WallTime changed_at) {
        check_file(blob, changed_at);
        return true;
    });
    return walked ? Result<FsckCounts>(counts_) : std::move(walked).error();
}

Result<void> Fsck::check_all() {
    MediaId after{0};
    while (true) {
        const auto uploads = metadata_.with_bytes(after, page);
        if (!uploads) {
            return uploads.error();
        }
        if (auto checked = check_each(*uploads); !checked || uploads->size() < page) {
            return checked;
        }
        after = uploads->back().id;
    }
}

Result<void> Fsck::check_each(const std::vector<Upload>& uploads) {
    for (const Upload& upload : uploads) {
        if (auto checked = check(upload); !checked) {
            return checked;
        }
    }
    return ok();
}

// Of what is over, bytes may be gone already: the sweep was interrupted, and goes on.
Result<void> Fsck::check(const Upload& upload) {
    ++counts_.uploads;
    if (upload.is_over()) {
        return ok();
    }
    const auto found = metadata_.find_any(upload.id);
    if (!found) {
        return found.error();
    }
    check_sums(*found);
    if (!upload.has_original) {
        return check_outputs(upload);
    }
    if (auto checked = check_segments(*found); !checked) {
        return checked;
    }
    return check_outputs(upload);
}

Result<void> Fsck::check_segments(const UploadWithSegments& found) {
    for (const auto& [index, segment] : found.segments) {
        if (auto checked = check_segment(found, segment); !checked) {
            return checked;
        }
    }
    return ok();
}

Result<void> Fsck::check_segment(const UploadWithSegments& found, const Segment& segment) {
    const Upload& upload = found.upload;
    ++counts_.segments;
    counts_.bytes += segment.extent.length.value;
    const auto health = health_of(blobs_, segment);
    if (!health) {
        return tell_unreadable(
            {"segment_unreadable", upload.id, which_of(upload, segment)}, health.error()
        );
    }
    unanswered_ = 0;
    if (*health == SegmentHealth::whole) {
        return ok();
    }
    FsckProblem problem = problem_of(upload, segment, *health);
    if (holes_.contains({segment.extent.blob, segment.extent.offset.value})) {
        problem.kind = "segment_missing";
        problem.facts += " The pack has no bytes there.";
    }
    // Of an open upload it can be sent again; of a sealed one nobody has the bytes any more.
    problem.is_repaired = repair_.is_wanted && upload.state == UploadState::open &&
                          metadata_.drop_segments(upload.id, {segment.index}, now_).has_value();
    if (problem.is_repaired) {
        free_shared(blobs_, found.segments, {segment.index});
    }
    tell(std::move(problem));
    return ok();
}

void Fsck::check_sums(const UploadWithSegments& found) {
    const auto& [upload, segments] = found;
    const SegmentGaps gaps = gaps_of(segments);
    if (gaps.received != upload.received || segments.size() != upload.segments_received) {
        const bool is_repaired = repair_.is_wanted && upload.state == UploadState::open &&
                                 metadata_.drop_segments(upload.id, {}, now_).has_value();
        tell(
            {"sums_wrong",
             upload.id,
             "The upload counts " + std::to_string(upload.segments_received) + " segments with " +
                 std::to_string(upload.received.value) + " bytes; there are " +
                 std::to_string(segments.size()) + " with " + std::to_string(gaps.received.value) +
                 ".",
             is_repaired}
        );
    }
    if (upload.has_all_bytes() && (gaps.received != upload.total || !gaps.missing.empty())) {
        tell(
            {"layout_wrong",
             upload.id,
             "The upload is " + std::string(name_of(upload.state)) + " with " +
                 std::to_string(upload.total.value) + " bytes; its segments have " +
                 std::to_string(gaps.received.value) + ", and " +
                 std::to_string(gaps.missing.size()) + " are missing."}
        );
    }
}

Result<void> Fsck::check_outputs(const Upload& upload) {
    if (upload.state != UploadState::ready) {
        return ok();
    }
    const auto outputs = metadata_.outputs(upload.id);
    if (!outputs) {
        return outputs.error();
    }
    for (const Output& output : *outputs) {
        if (auto checked = check_output(upload.id, output); !checked) {
            return checked;
        }
    }
    return ok();
}

Result<void> Fsck::check_output(MediaId upload, const Output& output) {
    ++counts_.outputs;
    const auto health = health_of(blobs_, output);
    if (!health) {
        return tell_unreadable({"output_unreadable", upload, which_of(output)}, health.error());
    }
    unanswered_ = 0;
    if (*health != SegmentHealth::whole) {
        tell(problem_of(upload, output, *health));
    }
    return ok();
}

void Fsck::check_file(BlobId blob, WallTime changed_at) {
    ++counts_.files;
    const auto known = metadata_.knows_blob(blob);
    if (!known || *known) {
        return;  // in doubt it is none
    }
    const bool is_old = changed_at < repair_.orphans_before;
    const bool is_repaired =
        repair_.is_wanted && is_old && blobs_.remove({blob, {0}, {0}}).has_value();
    tell(
        {"orphan_file",
         {0},
         "Blob " + std::to_string(blob.value) + ", changed at " + rfc3339(changed_at) +
             ", belongs to no upload.",
         is_repaired}
    );
}

Result<void> Fsck::check_pack(const SharedBlobContent& pack) {
    ++counts_.packs;
    const auto named = metadata_.extents_in(pack.id);
    if (!named) {
        return named.error();
    }
    for (std::size_t i = 1; i < named->size(); ++i) {
        // What was joined has the very extents of its parts.
        const bool is_shared = (*named)[i - 1] == (*named)[i];
        if (!is_shared && end_of((*named)[i - 1]) > (*named)[i].offset.value) {
            tell({"extents_overlap", {0}, where((*named)[i]) + " belong to two segments."});
        }
    }
    const PackCoverage coverage = compare(*named, pack.held, pack.block.value);
    for (const Extent& hole : coverage.named_only) {
        holes_.emplace(hole.blob, hole.offset.value);
    }
    check_orphans_in(pack, coverage.held_only);
    return ok();
}

void Fsck::check_orphans_in(const SharedBlobContent& pack, const std::vector<Extent>& orphans) {
    if (orphans.empty()) {
        return;
    }
    bool is_repaired = repair_.is_wanted && pack.changed_at < repair_.orphans_before;
    std::uint64_t sum = 0;
    for (const Extent& orphan : orphans) {
        sum += orphan.length.value;
        is_repaired = is_repaired && blobs_.remove(orphan).has_value();
    }
    tell(
        {"orphan_bytes",
         {0},
         std::to_string(sum) + " bytes in " + std::to_string(orphans.size()) + " places of pack " +
             std::to_string(pack.id.value) + ", changed at " + rfc3339(pack.changed_at) +
             ", the first at " + std::to_string(orphans.front().offset.value) +
             ", belong to no upload.",
         is_repaired}
    );
}

// It may be whole: nothing is mended.
Result<void> Fsck::tell_unreadable(FsckProblem problem, const Error& error) {
    unanswered_ = error.code == ErrorCode::storage_unavailable ? unanswered_ + 1 : 0;
    if (unanswered_ == unanswered_max) {
        return error;
    }
    problem.facts += ": it cannot be read: " + (error.facts.empty() ? error.detail : error.facts);
    tell(std::move(problem));
    return ok();
}

void Fsck::tell(FsckProblem problem) {
    ++counts_.problems;
    counts_.repaired += problem.is_repaired ? 1 : 0;
    report_(problem);
}

}  // namespace sluice
