#include "service/insert_upload.hpp"

#include "base/metrics.hpp"
#include "service/quota.hpp"
#include "service/refusals.hpp"
#include "service/repeats.hpp"
#include "service/room.hpp"

namespace sluice {
namespace {

// Others were promised the room meanwhile.
Error not_created(
    const UploadServices& services, const Upload& upload, const UploadLimits& limits, Error refused
) {
    if (refused.code == ErrorCode::storage_full && refused.facts.empty()) {
        const auto room = room_of(services, limits.reserve);
        return room && *room ? (**room).refusal(upload.total) : std::move(refused);
    }
    return explain_quota(services.metadata, upload, limits.quota, std::move(refused));
}

// What an earlier call under the same key made, if this one may be answered now.
Result<InsertedUpload> answered_again(
    const Admission* admission, Result<std::optional<Upload>> before
) {
    if (!before) {
        return std::move(before).error();
    }
    auto admitted_now = admitted(admission);
    return admitted_now ? Result<InsertedUpload>({**std::move(before), true})
                        : std::move(admitted_now).error();
}

}  // namespace

Result<InsertedUpload> insert_upload(
    const UploadServices& services,
    const UploadLimits& limits,
    const CreateUpload& call,
    std::string_view content,
    Upload upload
) {
    CreateTerms terms(limits.quota);
    terms.repeat = repeat_key_of(call, content);
    if (auto before = made_before(services, call, terms.repeat); !before || *before) {
        return answered_again(call.admission, std::move(before));
    }
    // What others were promised is the store's to judge, in the commit that promises this.
    if (const auto free = services.blobs.free_space()) {
        terms.room = Room{*free, {}, limits.reserve}.unreserved();
    }
    if (terms.room && upload.total > *terms.room) {
        return not_created(services, upload, limits, {.code = ErrorCode::storage_full});
    }
    if (auto admission = admitted(call.admission); !admission) {
        return std::move(admission).error();
    }
    auto created = services.metadata.create(upload, terms);
    for (int round = 0; is_taken(created) && round < takes_max; ++round) {
        // The same call came on another connection meanwhile; or the clock went back over a
        // restart, and the id is taken: the next one is not.
        if (auto before = made_before(services, call, terms.repeat); !before || *before) {
            return answered_again(nullptr, std::move(before));
        }
        upload.id = {services.ids.next()};
        created = services.metadata.create(upload, terms);
    }
    if (!created) {
        return not_created(
            services, upload, limits, refused_by_store(std::move(created).error(), upload.id)
        );
    }
    services.metrics
        .counter(
            "sluice_uploads_started_total",
            "Uploads begun",
            {{"protocol", upload.protocol}, {"category", name_of(upload.category)}}
        )
        .add();
    return InsertedUpload{std::move(upload)};
}

}  // namespace sluice
