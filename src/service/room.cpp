#include "service/room.hpp"

#include <string>

namespace sluice {

Error Room::refusal(ByteCount wanted) const {
    return {
        .code = ErrorCode::storage_full,
        .facts = (wanted.value == 0 ? "How many bytes come was not announced, "
                                    : std::to_string(wanted.value) + " bytes were announced, ") +
                 std::to_string(free.value) + " are free; of these " +
                 std::to_string(promised.value) + " are promised to open uploads and " +
                 std::to_string(reserve.value) + " are kept in reserve.",
    };
}

Result<std::optional<Room>> room_of(const UploadServices& services, ByteCount reserve) {
    const auto free = services.blobs.free_space();
    if (!free) {
        return std::optional<Room>();
    }
    const auto promised = services.metadata.promised();
    if (!promised) {
        return promised.error();
    }
    return std::optional(Room{*free, *promised, reserve});
}

}  // namespace sluice
