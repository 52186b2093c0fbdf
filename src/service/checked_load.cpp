#include "service/checked_load.hpp"

#include "service/doubts.hpp"

namespace sluice {

Result<UploadWithSegments> load_checked(
    const UploadServices& services, const Principal& owner, MediaId id
) {
    // Asked before the load: a check that ends in between may have dropped segments of what was loaded.
    const bool may_be_due = services.doubts != nullptr && services.doubts->has_unchecked();
    auto found = services.metadata.find_with_segments(owner, id);
    if (!may_be_due || !found || found->upload.state != UploadState::open) {
        return found;
    }
    if (auto checked = services.doubts->check(id); !checked) {
        return std::move(checked).error();
    }
    return services.metadata.find_with_segments(owner, id);
}

Result<UploadWithSegments> load_for_change(
    const UploadServices& services, const Principal& owner, MediaId id
) {
    auto found = load_checked(services, owner, id);
    if (found && found->upload.is_due(services.clock.now())) {
        return gone(found->upload);  // as the next sweep will say
    }
    if (found && services.doubts != nullptr && found->upload.state == UploadState::open) {
        if (auto refusal = services.doubts->refusal_of(id)) {
            return *std::move(refusal);
        }
    }
    return found;
}

Error remembered(const UploadServices& services, MediaId id, Error by_store) {
    by_store.media_id = id.value;
    if (!by_store.is_lost_sync) {
        return by_store;
    }
    if (services.doubts != nullptr) {
        services.doubts->note_lost_sync(id, by_store);
    }
    by_store.facts += by_store.may_be_read_back
                          ? " What came before is compared with the disk: make this call again."
                      : by_store.code == ErrorCode::storage_full
                          ? " Nothing of this call was stored."
                          : " Nothing of this call was stored, and this upload takes no more "
                            "bytes: begin again with INIT.";
    return by_store;
}

}  // namespace sluice
