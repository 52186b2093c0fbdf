// Content that crashed its workers is set aside for a while: the same bytes of the same owner fail
// without meeting a decoder again. It is known by the uploads that failed of it, so it outlives the
// process, and ends with them. Blocking.
#pragma once

#include <chrono>
#include <optional>

#include "base/result.hpp"
#include "core/upload.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

// Why the upload is not processed, if its content is set aside. Errors: those of the store.
Result<std::optional<ProcessingFailure>> set_aside(
    MetadataStore& metadata, const Upload& upload, std::chrono::milliseconds lasts, WallTime now
);

// With which a job ends that crashed its workers `crashes` times.
ProcessingFailure crashed_too_often(int crashes, WallTime until);
// The same of one that servers did not survive.
ProcessingFailure interrupted_too_often(int interruptions, WallTime until);

}  // namespace sluice
