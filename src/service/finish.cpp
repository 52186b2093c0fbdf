#include <algorithm>

#include "base/metrics.hpp"
#include "service/content_type.hpp"
#include "service/refusals.hpp"
#include "service/uploads.hpp"

namespace sluice {
namespace {

bool may_be_cured_by_waiting(ErrorCode code) {
    return code == ErrorCode::segment_missing || code == ErrorCode::size_mismatch ||
           code == ErrorCode::nothing_appended;
}

}  // namespace

// An upload whose category nobody named is judged by its content, as soon as that is there.
Category Uploads::category_by_content(const Upload& upload, const SegmentMap& segments) {
    const auto layout = layout_of(segments);
    if (upload.category_given || layout.empty()) {
        return upload.category;
    }
    std::vector<std::byte> start(std::min<std::uint64_t>(4096, layout.front().length.value));
    if (auto read = services_.blobs.read(layout.front(), {0}, start); !read) {
        return upload.category;
    }
    return default_category(type_of_content(start)).value_or(upload.category);
}

Result<UploadStatus> Uploads::finish(const Principal& owner, MediaId id) {
    auto found = services_.metadata.find_with_segments(owner, id);
    if (!found) {
        return refused_by_store(std::move(found).error(), id);
    }
    const Upload& open = found->upload;
    if (open.one_shot) {
        return Error{
            .code = ErrorCode::not_chunked,
            .facts = "It was uploaded in one call at " + rfc3339(open.created_at) + " and is " +
                     std::string(name_of(open.state)) + ".",
            .media_id = id.value,
        };
    }
    if (open.has_all_bytes()) {
        return view(open);
    }
    auto sealed = open.sealed(found->segments, now());
    if (!sealed) {
        Error refused = std::move(sealed).error();
        const int running = in_flight_.count(id);
        if (running > 0 && may_be_cured_by_waiting(refused.code)) {
            refused.code = ErrorCode::append_in_flight;
            refused.facts = std::to_string(running) + " APPEND calls are still being received. " +
                            refused.facts;
            refused.retry_after = std::chrono::seconds(1);
        }
        return refused;
    }
    // With relaxed durability this is the moment when the bytes must reach the disk; otherwise they
    // are there.
    if (auto durable = services_.blobs.make_durable(layout_of(found->segments)); !durable) {
        return std::move(durable).error();
    }
    sealed->category = category_by_content(open, found->segments);
    const Upload queued = sealed->queued(now()).value();
    if (auto changed = services_.metadata.change(queued, UploadState::open, new_job(queued));
        !changed) {
        return changed.error().code == ErrorCode::store_conflict
                   ? finish_overtaken(owner, id)
                   : refused_by_store(std::move(changed).error(), id);
    }
    services_.metrics.counter("sluice_uploads_finalized_total", "Uploads with all their bytes")
        .add();
    services_.job_added();
    return view(queued);
}

// Another FINALIZE, a cancel or an empty segment came between; what stands now has the answer.
Result<UploadStatus> Uploads::finish_overtaken(const Principal& owner, MediaId id) {
    auto found = services_.metadata.find_with_segments(owner, id);
    if (!found) {
        return refused_by_store(std::move(found).error(), id);
    }
    if (found->upload.has_all_bytes()) {
        return view(std::move(found->upload));
    }
    if (auto sealed = found->upload.sealed(found->segments, now()); !sealed) {
        return std::move(sealed).error();
    }
    return Error{
        .code = ErrorCode::append_in_flight,
        .facts = "A segment arrived while FINALIZE ran.",
        .media_id = id.value,
        .retry_after = std::chrono::seconds(1),
    };
}

}  // namespace sluice
