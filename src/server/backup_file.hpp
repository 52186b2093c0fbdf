// backup.json: what `sluice backup` writes last, so that what has it is whole; and how a folder that was
// made under another name gets its own. Durable.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace sluice::server {

inline constexpr const char* backup_file = "/backup.json";

struct BackupFacts {
    std::uint64_t uploads = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;     // copied, holes not counted
    std::uint64_t problems = 0;  // that the source had
};

std::string as_json(const BackupFacts& facts);
Result<void> write_backup_file(const std::string& folder, const BackupFacts& facts);

// Renames; `target` is not there, or an empty folder.
Result<void> put_in_place(const std::string& folder, const std::string& target);

}  // namespace sluice::server
