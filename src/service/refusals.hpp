// What a store's own words mean to a caller: only a use case knows that "not found" is an upload
// that does not exist for these credentials. Within service/ alone.
#pragma once

#include "base/error.hpp"
#include "base/ids.hpp"

namespace sluice {

inline Error unknown_here(MediaId id) {
    return {
        .code = ErrorCode::media_unknown,
        .facts = "No upload " + id.text() + " exists for these credentials.",
        .media_id = id.value,
    };
}

inline Error refused_by_store(Error error, MediaId id) {
    if (error.code == ErrorCode::store_not_found) {
        return unknown_here(id);
    }
    error.media_id = id.value;
    return error;
}

}  // namespace sluice
