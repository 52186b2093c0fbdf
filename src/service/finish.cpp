#include "base/metrics.hpp"
#include "media/category_rules.hpp"
#include "media/cost_model.hpp"
#include "service/checked_load.hpp"
#include "service/content_type.hpp"
#include "service/sealing.hpp"
#include "service/size_limits.hpp"

namespace sluice {
namespace {

// An upload whose category nobody named is judged by its content, as soon as that is there.
Category category_by_content(const Upload& upload, std::span<const std::byte> start) {
    return upload.category_given
               ? upload.category
               : default_category(type_of_content(start)).value_or(upload.category);
}

Error not_chunked(const Upload& upload) {
    return {
        .code = ErrorCode::not_chunked,
        .facts = "It was uploaded in one call at " + rfc3339(upload.created_at) + " and is " +
                 std::string(name_of(upload.state)) + " since " + rfc3339(upload.changed_at) +
                 "; there is nothing to finalize.",
        .media_id = upload.id.value,
    };
}

// X finalizes what has no category while the caller waits, and only small files.
std::optional<Error> refused_by_x(
    const Upload& upload, std::span<const std::byte> start, const FinishOptions& options
) {
    if (!options.as_x || upload.category_given) {
        return std::nullopt;
    }
    auto refused = too_large_without_category(category_by_content(upload, start), upload.total);
    if (refused) {
        refused->media_id = upload.id.value;
    }
    return refused;
}

}  // namespace

Result<UploadStatus> Uploads::finish(
    const Principal& owner, MediaId id, const FinishOptions& options
) {
    // Looked at first: a segment that is stored between two looks is then under way in one of them.
    const auto running = in_flight_.list(id);
    const auto seen = version_seen(services_.hot, id);
    auto found = load_for_change(services_, owner, id);
    if (!found) {
        return refused(owner, std::move(found).error(), id);
    }
    const Upload& open = found->upload;
    if (open.one_shot) {
        return not_chunked(open);
    }
    if (open.has_all_bytes()) {
        auto admission = admitted(options.admission);
        return admission ? Result<UploadStatus>(view(open)) : std::move(admission).error();
    }
    auto sealed = open.sealed(found->segments, now());
    if (!sealed) {
        Error shortfall = explain_shortfall(*found, std::move(sealed).error(), running);
        return with_refused_appends(std::move(shortfall), *found);
    }
    const auto start = start_of(found->segments);
    if (!start) {
        return start.error();
    }
    if (auto refused = refused_by_x(open, *start, options)) {
        return *std::move(refused);
    }
    if (auto judged = judge_content(*found, *start, options); !judged) {
        return std::move(judged).error();
    }
    if (auto admission = admitted(options.admission); !admission) {
        return std::move(admission).error();
    }
    return seal({*found, std::move(*sealed), *start, seen});
}

Result<UploadStatus> Uploads::seal(Sealing it) {
    const Upload& open = it.found.upload;
    // With relaxed durability this is the moment when the bytes must reach the disk; otherwise they
    // are there.
    const auto layout = layout_of(it.found.segments);
    if (auto durable = services_.blobs.make_durable(layout); !durable) {
        return remembered(services_, open.id, std::move(durable).error());
    }
    it.sealed.category = category_by_content(open, it.start);
    const Upload queued = it.sealed.queued(now()).value();
    if (auto changed =
            services_.metadata.change(queued, UploadState::open, new_job(queued, layout));
        !changed) {
        return changed.error().code == ErrorCode::store_conflict
                   ? finish_overtaken(open.owner, open.id)
                   : refused(open.owner, std::move(changed).error(), open.id);
    }
    services_.metrics.counter("sluice_uploads_finalized_total", "Uploads with all their bytes")
        .add();
    services_.job_added();
    const auto left = time_left(queued);
    if (services_.hot != nullptr) {  // the STATUS that follows needs neither a thread nor the store
        services_.hot->keep({queued, now(), left}, HotUploads::after_own_write(it.seen));
    }
    return UploadStatus{
        .upload = queued,
        .check_after = left ? std::optional(check_after(*left, false)) : std::nullopt,
    };
}

// Another FINALIZE, a cancel or an empty segment came between; what stands now has the answer.
Result<UploadStatus> Uploads::finish_overtaken(const Principal& owner, MediaId id) {
    auto found = services_.metadata.find_with_segments(owner, id);
    if (!found) {
        return refused(owner, std::move(found).error(), id);
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
