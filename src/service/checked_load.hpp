// How the use cases load an upload whose segments they will rely on: checked with the disk first, where
// that is due (see Doubts). Within service/ alone.
#pragma once

#include "service/upload_services.hpp"

namespace sluice {

// Errors: those of the stores.
Result<UploadWithSegments> load_checked(
    const UploadServices& services, const Principal& owner, MediaId id
);
// For a call that adds bytes or finalizes: also media_expired, and storage_failed, if a sync of this upload has failed
// and it is still open.
Result<UploadWithSegments> load_for_change(
    const UploadServices& services, const Principal& owner, MediaId id
);
// An error of a commit or a sync of the upload's bytes: remembered if the sync is lost, and told as
// what it means.
Error remembered(const UploadServices& services, MediaId id, Error by_store);

}  // namespace sluice
