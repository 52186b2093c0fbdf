// RunMark: the file DIR/run, which says how the server before this one ended, so that this one knows
// what it may believe. Written (whole, synced) when a server begins and when it has stopped in
// order. Used by main alone, under the DirectoryLock.
#pragma once

#include <string>

#include "base/result.hpp"

namespace sluice {

// What the last server left. A first start counts as a clean one.
struct LastRun {
    bool ended_cleanly = true;
    bool was_strict = true;
    // The machine has not been started again since, nor was the file system mounted anew: the page
    // cache of then is that of now.
    bool is_same_boot = true;

    // The machine stopped under a running server: what was not synced may be gone.
    bool lost_power() const { return !ended_cleanly && !is_same_boot; }
    // It was killed; all that it wrote is still there, though perhaps not on the disk.
    bool left_unsynced() const { return !ended_cleanly && is_same_boot && !was_strict; }
};

class RunMark {
  public:
    explicit RunMark(const std::string& directory) : directory_(directory) {}

    // Errors: storage_failed, storage_full. After a loss of power the old mark stays until recovered(),
    // so that a start which dies before that is made good by the next.
    Result<LastRun> begin(bool is_strict);
    // All that may be lost is in doubt, durably.
    Result<void> recovered();
    // Everything of the directory's file system is synced first, since a relaxed server has not. Does
    // nothing without recovered().
    Result<void> end();
    Result<void> sync_everything() const;

  private:
    Result<void> write(const std::string& state) const;

    const std::string directory_;
    bool is_strict_ = true;
    bool is_recovered_ = false;
};

// For tests: "boot ID mount N\ndurability KIND\nstate STATE\n" as it stands in the file.
LastRun parse_run_mark(const std::string& text, const std::string& boot_id);

}  // namespace sluice
