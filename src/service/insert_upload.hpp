// A new upload into the store, whichever use case makes it: one that an earlier call under the same
// Idempotency-Key made already, or a new row, if there is room for it and the quota and the rate allow
// it. Within service/ alone. Blocking.
#pragma once

#include <string_view>

#include "service/upload_commands.hpp"
#include "service/upload_services.hpp"

namespace sluice {

struct InsertedUpload {
    Upload upload;
    bool is_repeated = false;  // an earlier call made it
};

// `content`: what else tells a call under a key from another. Errors: idempotency_key_reused,
// storage_full, rate_limited, those of the quota and of the store.
Result<InsertedUpload> insert_upload(
    const UploadServices& services,
    const UploadLimits& limits,
    const CreateUpload& call,
    std::string_view content,
    Upload upload
);

}  // namespace sluice
