// How a stream becomes a medium: by its last byte, or by joining parts.
#include <algorithm>

#include "base/metrics.hpp"
#include "service/content_type.hpp"
#include "service/quota.hpp"
#include "service/read_pieces.hpp"
#include "service/sealing.hpp"
#include "service/stream_limits.hpp"
#include "service/streams.hpp"

namespace sluice {
namespace {

bool is_whole(const Upload& part) {
    return part.stream.length_known && part.received == part.total;
}

std::vector<Segment> rows_of(const SegmentMap& segments) {
    std::vector<Segment> rows;
    for (const auto& [index, segment] : segments) {
        rows.push_back(segment);
    }
    return rows;
}

}  // namespace

Result<void> Streams::read(
    const Principal& owner, MediaId id, const std::function<void(std::span<const std::byte>)>& take
) {
    const auto found = services_.metadata.find_with_segments(owner, id);
    if (!found) {
        return uploads_.refused(owner, found.error(), id);
    }
    return read_pieces(services_.blobs, layout_of(found->segments), take);
}

Result<Upload> Streams::complete(const Principal& owner, MediaId id) {
    const auto seen = version_seen(services_.hot, id);
    const auto found = services_.metadata.find_with_segments(owner, id);
    if (!found) {
        return uploads_.refused(owner, found.error(), id);
    }
    if (found->upload.has_all_bytes()) {
        return found->upload;
    }
    if (found->upload.is_over()) {
        return gone(found->upload);  // deleted meanwhile
    }
    if (!is_whole(found->upload)) {
        return found->upload;  // bytes were lost meanwhile: it has what it says
    }
    auto whole = found->upload.completed(services_.clock.now());
    if (!whole) {
        return std::move(whole).error();
    }
    const auto start = uploads_.start_of(found->segments);
    if (!start) {
        return start.error();
    }
    // What the content is, and whether it is any good, the processing tells: bytes that came are kept.
    auto sealed = uploads_.seal({*found, *std::move(whole), *start, seen});
    return sealed ? Result<Upload>(std::move(sealed->upload)) : std::move(sealed).error();
}

namespace {

// Behind what is there already.
Result<void> add_part(SegmentMap& segments, const SegmentMap& part) {
    for (const auto& [index, segment] : part) {
        if (segments.size() > UINT16_MAX) {
            return Error{
                .code = ErrorCode::concatenation_invalid,
                .facts = "The parts came in more than 65536 pieces.",
            };
        }
        Segment shared = segment;
        shared.index = {static_cast<std::uint16_t>(segments.size())};
        segments.emplace(shared.index, shared);
    }
    return ok();
}

struct Gathered {
    SegmentMap segments;
    ByteCount total;
};

// What the parts have; nothing as long as one of them is not whole.
Result<std::optional<Gathered>> gathered(MetadataStore& metadata, const Upload& joined) {
    Gathered all;
    for (const MediaId id : joined.stream.parts) {
        auto part = metadata.find_with_segments(joined.owner, id);
        if (!part && part.error().code != ErrorCode::store_not_found) {
            return std::move(part).error();  // nobody would try again
        }
        if (!part || part->upload.state != UploadState::open || !is_whole(part->upload)) {
            return std::nullopt;
        }
        if (auto added = add_part(all.segments, part->segments); !added) {
            return std::move(added).error();
        }
        all.total += part->upload.total;
    }
    return all;
}

}  // namespace

Result<Upload> Streams::try_join(const Upload& joined) {
    const auto parts = gathered(services_.metadata, joined);
    if (!parts) {
        return parts.error();
    }
    if (!*parts) {
        return joined;
    }
    const SegmentMap& segments = (*parts)->segments;
    Upload whole = joined;
    whole.total = (*parts)->total;
    if (whole.total > most_of(joined, length_max())) {
        return too_long(joined, whole.total, length_max());
    }
    whole.received = whole.total;
    whole.segments_received = static_cast<std::uint32_t>(segments.size());
    whole.stream.length_known = true;
    const auto start = uploads_.start_of(segments);
    if (!start) {
        return start.error();
    }
    if (!whole.category_given) {
        whole.category = default_category(type_of_content(*start)).value_or(whole.category);
    }
    const auto layout = layout_of(segments);
    if (auto durable = services_.blobs.make_durable(layout); !durable) {
        return std::move(durable).error();
    }
    const WallTime now = services_.clock.now();
    Upload queued = whole.completed(now).value().queued(now).value();
    const Quota& quota = uploads_.limits().quota;
    auto done =
        services_.metadata.join(queued, rows_of(segments), uploads_.new_job(queued, layout), quota);
    if (!done && done.error().code == ErrorCode::quota_exceeded) {
        return growth_refused(services_.metadata, joined, quota, whole.total);
    }
    if (!done && done.error().code != ErrorCode::store_conflict) {
        return std::move(done).error();
    }
    if (!done) {
        return services_.metadata.find(joined.owner, joined.id);  // another request joined it
    }
    services_.metrics.counter("sluice_uploads_finalized_total", "Uploads with all their bytes")
        .add();
    services_.job_added();
    return queued;
}

namespace {

// Whether a part is on its way still: seen at once where they are completed in any order but from the last
// to the first, so that a thousand parts do not cost a look at all of them each.
bool lacks_a_part(MetadataStore& metadata, const Upload& joined) {
    return std::ranges::any_of(
        joined.stream.parts.rbegin(),
        joined.stream.parts.rend(),
        [&](MediaId id) {
            const auto part = metadata.find(joined.owner, id);
            return part && part->state == UploadState::open && !is_whole(*part);
        }
    );
}

}  // namespace

Result<void> Streams::join_waiting(const Principal& owner, MediaId part) {
    const auto waiting = services_.metadata.waiting_to_join(owner);
    if (!waiting) {
        return waiting.error();
    }
    Result<void> joinable = ok();
    for (const Upload& joined : *waiting) {
        const auto& parts = joined.stream.parts;
        if (std::ranges::find(parts, part) == parts.end() ||
            lacks_a_part(services_.metadata, joined)) {
            continue;
        }
        auto done = try_join(joined);
        if (!done && done.error().code == ErrorCode::file_too_large) {
            static_cast<void>(uploads_.cancel(owner, joined.id));  // it never can be
        }
        if (!done && joinable) {
            joinable = std::move(done).error();  // the others wait for this part as well
        }
    }
    return joinable;
}

Result<Upload> Streams::end_if_whole(Upload upload) {
    if (upload.state != UploadState::open) {
        return upload;
    }
    if (upload.stream.kind == UploadKind::joined) {
        auto joined = lacks_a_part(services_.metadata, upload) ? upload : try_join(upload);
        return joined ? std::move(joined) : Result<Upload>(std::move(upload));
    }
    if (!is_whole(upload)) {
        return upload;
    }
    auto sure = find_for_change(upload.owner, upload.id);  // in doubt it is looked at first
    if (!sure || sure->state != UploadState::open || !is_whole(*sure)) {
        return sure;
    }
    if (sure->stream.kind == UploadKind::stream) {
        return complete(sure->owner, sure->id);
    }
    // Why it may not be joined is for whoever asks for what waits.
    static_cast<void>(join_waiting(sure->owner, sure->id));
    return sure;
}

}  // namespace sluice
