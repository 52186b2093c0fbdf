// Who works on a bucket whose rows are in SQLite: the object sluice-owner names a run of a server, the
// file storage.owner of a data directory the runs that were its own. From the two follows who may take
// the bucket: a directory that was copied knows the runs up to the copy. Values, but for the file's two
// functions, which block.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace sluice::server {

inline constexpr const char* owner_object = "sluice-owner";
inline constexpr const char* owner_file = "/storage.owner";

struct OwnerRecord {
    std::string run;  // empty: nobody
    std::string host;
    std::string since;
    bool is_stopped = false;  // in order: it writes no more
    std::string asked_by;     // a run that asks whether this one lives; empty: none

    bool operator==(const OwnerRecord&) const = default;
};
std::string text_of(const OwnerRecord& record);
// Of an owner even if nothing of it can be understood: then of a run that nobody knows.
OwnerRecord parse_owner(const std::string& text);

// Where a directory lies. By the file `lock` in it, which is made once and never replaced.
struct Place {
    std::string file;  // its inode, and when it was made where the file system says it
    std::string boot;  // of the machine, and the device; empty: not known

    // The same file: who holds its lock knows that no process before him lives.
    bool is(const Place& other) const {
        return !boot.empty() && boot == other.boot && file == other.file;
    }
    // The same, the same after another boot, or in a copy of the whole disk.
    bool is_disk_of(const Place& other) const { return !file.empty() && file == other.file; }
};
Place place_of(const std::string& data);

// A run that began, or was about to, where the directory lay then.
struct OwnRun {
    std::string id;
    Place place;
};
// The last one, the last one that was seen in the bucket, and the last one beside these: what it sent before it died may
// come to the bucket late.
using OwnRuns = std::array<OwnRun, 3>;
OwnRuns read_own_runs(const std::string& data);
Result<void> write_own_runs(const std::string& data, const OwnRuns& runs);

enum class Claim : std::uint8_t {
    at_once,        // nobody, or one who certainly does not live
    after_silence,  // if it does not answer
    of_copy,   // no: it ran on the directory of which this one is a copy, and did not stop in order
    of_other,  // no: it began after this directory was copied, or never had to do with it
};
// `may_replace`: the operator says that the owner's directory is given up.
Claim claim_on(const OwnerRecord& owner, const OwnRuns& ours, const Place& here, bool may_replace);

}  // namespace sluice::server
