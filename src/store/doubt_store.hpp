// DoubtStore: which uploads hold bytes that are not to be believed as they are written down. Plain
// blocking calls from any thread; each changing call is one commit that survives power loss.
// Engines: sqlite/, memory/ (tests); both pass store/doubt_store_suite.
//
// Two kinds: *unchecked* ones are believed again once their checksums match (the machine stopped
// without notice; a sync failed for want of room), *final* ones never are (a sync failed).
//
// Errors: storage_full, storage_failed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/ids.hpp"
#include "base/result.hpp"

namespace sluice {

struct Doubt {
    MediaId upload;
    bool is_final = false;
    std::string facts;  // public: what happened
    WallTime since;
    bool operator==(const Doubt&) const = default;
};

class DoubtStore {
  public:
    virtual ~DoubtStore() = default;

    // Of one that is there, the first stays; but a final one takes the place of an unchecked one.
    virtual Result<void> add(const Doubt& doubt) = 0;
    // An unchecked one for every open upload that has segments, of the newest `count_max`; how many
    // unchecked ones there are now.
    virtual Result<std::uint64_t> add_open(
        const std::string& facts, WallTime since, std::uint64_t count_max
    ) = 0;

    virtual Result<std::vector<Doubt>> finals() = 0;
    // Those of the newest uploads first.
    virtual Result<std::vector<MediaId>> unchecked(std::uint32_t count_max) = 0;
    virtual Result<bool> is_unchecked(MediaId id) = 0;

    // An unchecked one has been checked; a final one stays.
    virtual Result<void> settle(MediaId id) = 0;
    virtual Result<void> settle_all() = 0;
    // The bytes of the upload go, and this with them.
    virtual Result<void> forget(MediaId id) = 0;
};

}  // namespace sluice
