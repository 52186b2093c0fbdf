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

}  // namespace sluice
