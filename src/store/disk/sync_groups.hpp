// SyncGroups: one sync of a file for all who want it synced at the same time. A sync that began before
// a caller came says nothing of what it wrote, so it waits for the next one. Thread-safe; blocks, on a
// fiber too.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "base/ids.hpp"
#include "base/result.hpp"
#include "core/segment.hpp"

namespace sluice::disk {

class SyncGroups {
  public:
    // `sync` is called on one of the threads of a group, never twice at once for one blob; all of the
    // group have its outcome.
    Result<void> run(BlobId blob, const std::function<Result<void>()>& sync);

  private:
    struct Waiting;
    using Group = std::vector<Waiting*>;

    void lead(BlobId blob, const Waiting& own, const std::function<Result<void>()>& sync);

    std::mutex mutex_;
    std::map<BlobId, Group> next_;  // of each blob that is being synced: those for the time after
};

}  // namespace sluice::disk
