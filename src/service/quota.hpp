// What a store's "no room" means to a caller: the numbers, and what to do about it. Within service/
// alone.
#pragma once

#include "core/usage.hpp"
#include "store/metadata_store.hpp"

namespace sluice {

// Gives the refusal of MetadataStore::create its facts, if it is one of the quota; else it stays.
Error explain_quota(
    MetadataStore& metadata, const Upload& upload, const Quota& quota, Error refused
);

// Where an upload whose length is not known yet must end, by what its owner may still store; `otherwise`
// if nothing limits it. What holds among several at once is the store's to judge, in each commit.
Result<ByteCount> end_by_quota(
    MetadataStore& metadata, const Upload& upload, const Quota& quota, ByteCount otherwise
);

// quota_exceeded of an upload that was to have `more` bytes than it counts for now, with the facts.
Error growth_refused(
    MetadataStore& metadata, const Upload& upload, const Quota& quota, ByteCount more
);

}  // namespace sluice
