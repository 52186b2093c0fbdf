// The gauges that are read rather than counted: the process itself, the store's totals, the room on
// the disk.
#pragma once

#include "base/metrics.hpp"
#include "store/blob_store.hpp"
#include "store/metadata_store.hpp"

namespace sluice::server {

// Metrics and stores outlive each other's use: call once, before the first text().
void add_process_metrics(Metrics& metrics, MetadataStore& metadata, BlobStore& blobs);

}  // namespace sluice::server
