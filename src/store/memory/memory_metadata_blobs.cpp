// Which bytes the rows name.
#include <algorithm>

#include "store/memory/memory_metadata_store.hpp"

namespace sluice {

Result<std::vector<Extent>> MemoryMetadataStore::extents_of(MediaId id) {
    const std::scoped_lock lock(mutex_);
    const Row* row = row_of(id);
    if (row == nullptr) {
        return Error{.code = ErrorCode::store_not_found, .media_id = id.value};
    }
    std::vector<Extent> extents;
    const BlobId own{id.value};
    if (row->has_bytes) {
        extents.push_back({own, {0}, row->upload.total});
    }
    for (const auto& [index, segment] : row->segments) {
        if (segment.extent.blob != own && segment.extent.blob != BlobId{}) {
            extents.push_back(segment.extent);
        }
    }
    for (const Output& output : row->outputs) {
        extents.push_back(output.extent);
    }
    std::ranges::sort(extents, {}, [](const Extent& extent) {
        return std::pair(extent.blob, extent.offset.value);
    });
    return extents;
}

Result<bool> MemoryMetadataStore::knows_blob(BlobId blob) {
    const std::scoped_lock lock(mutex_);
    const auto names_it = [blob](const auto& item) {
        const Row& row = item.second;
        const auto is_segment = [blob](const auto& s) { return s.second.extent.blob == blob; };
        const auto is_output = [blob](const Output& o) { return o.extent.blob == blob; };
        return (row.has_bytes && row.upload.has_original && item.first.value == blob.value) ||
               std::ranges::any_of(row.segments, is_segment) ||
               std::ranges::any_of(row.outputs, is_output);
    };
    return blob.value != 0 && std::ranges::any_of(uploads_, names_it);
}

Result<std::vector<BlobId>> MemoryMetadataStore::named_among(const std::vector<BlobId>& blobs) {
    std::vector<BlobId> named;
    std::ranges::copy_if(blobs, std::back_inserter(named), [this](BlobId blob) {
        return *knows_blob(blob);
    });
    return named;
}

Result<std::vector<Extent>> MemoryMetadataStore::extents_in(BlobId shared) {
    const std::scoped_lock lock(mutex_);
    std::vector<Extent> extents;
    const auto add = [&extents, shared](const Extent& extent) {
        if (extent.blob == shared) {
            extents.push_back(extent);
        }
    };
    for (const auto& [id, row] : uploads_) {
        for (const auto& [index, segment] : row.segments) {
            add(segment.extent);
        }
        for (const Output& output : row.outputs) {
            add(output.extent);
        }
    }
    std::ranges::sort(extents, {}, [](const Extent& extent) { return extent.offset.value; });
    return extents;
}

}  // namespace sluice
