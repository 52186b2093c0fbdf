// The MD5 of bytes that are in a store, to be compared with what a caller sent. Reads them all: work
// for the bulk pool. Within service/ alone.
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "core/segment.hpp"
#include "store/blob_store.hpp"

namespace sluice {

// 32 hexadecimal digits.
Result<std::string> md5_of(BlobStore& blobs, const std::vector<Extent>& layout);

}  // namespace sluice
