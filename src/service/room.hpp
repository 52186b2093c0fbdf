// What the disk has room for: what is free, less what open uploads were promised and have not begun to
// take (the first segment reserves the rest), less a reserve. Within service/ alone.
#pragma once

#include <optional>

#include "service/upload_services.hpp"

namespace sluice {

struct Room {
    ByteCount free;
    ByteCount promised;
    ByteCount reserve;

    ByteCount unreserved() const { return {free > reserve ? free.value - reserve.value : 0}; }
    bool holds(ByteCount wanted) const {
        return promised <= unreserved() && wanted <= unreserved() - promised;
    }
    // storage_full with these figures.
    Error refusal(ByteCount wanted) const;
};

// Nothing if the disk does not say; the write will.
Result<std::optional<Room>> room_of(const UploadServices& services, ByteCount reserve);

}  // namespace sluice
