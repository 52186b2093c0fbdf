// Moves the bytes of a data directory's uploads from its disk into an S3 bucket. Each blob becomes the
// object of the same id, so no row changes. While it is under way, and until an interrupted run has
// been run again, no server starts on the directory (storage.moving).
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/result.hpp"

namespace sluice::server {

inline constexpr const char* moving_file = "/storage.moving";

struct MovedBytes {
    std::uint64_t blobs = 0;
    std::uint64_t bytes = 0;
    std::uint64_t unnamed = 0;  // files that no row names: they stay behind
};

// `database`: where the rows are, "sqlite" or a URL of PostgreSQL. Precondition: this process holds the
// directory. `told` hears how far it is, now and then.
Result<MovedBytes> move_bytes(
    const std::string& data,
    const std::string& database,
    const std::string& storage,
    const std::function<void(const MovedBytes&)>& told
);

}  // namespace sluice::server
