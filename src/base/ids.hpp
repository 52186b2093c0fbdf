// Identifiers. A MediaId is a 63-bit number shaped like X's (41 bits of milliseconds since
// 2010-11-04, 10 bits of shard, 12 of sequence), so that clients which know X's ids are at home. It
// never grants anything.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace sluice {

struct MediaId {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const MediaId&) const = default;
    std::string text() const { return std::to_string(value); }
    // Decimal digits, 1 to 19, within 63 bits, not 0; anything else is nothing.
    static std::optional<MediaId> parse(std::string_view text);
};

// One stored run of bytes of a BlobStore; an upload's own blob carries the number of its MediaId.
// Blobs that many uploads share have a bit set that ids of media do not have.
inline constexpr std::uint64_t shared_blob_bit = std::uint64_t{1} << 63;
struct BlobId {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const BlobId&) const = default;
    constexpr bool is_shared() const { return (value & shared_blob_bit) != 0; }
};

struct JobId {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const JobId&) const = default;
};

// Makes numbers that rise with time and are unique within a shard, also when the clock steps back
// while running. None ends in 00, so that one that does was rounded by its client. Thread-safe.
class IdSource {
  public:
    IdSource(const Clock& clock, std::uint16_t shard);
    std::uint64_t next();
    // An earlier process gave out this one, of whatever shard: those from now on are higher, also if
    // the clock stepped back meanwhile. A margin of time covers what it gave out and nobody wrote down.
    void begin_after(std::uint64_t newest);

  private:
    std::uint64_t composed(std::uint64_t time_and_sequence) const;

    const Clock& clock_;
    std::uint16_t shard_;
    std::mutex mutex_;
    std::uint64_t last_ = 0;  // milliseconds and sequence, without the shard
};

// "req_" and 26 characters of a ULID in lower case: time first, 80 random bits.
std::string make_request_id(const Clock& clock);

}  // namespace sluice

template <>
struct std::hash<sluice::MediaId> {
    std::size_t operator()(sluice::MediaId id) const {
        return std::hash<std::uint64_t>()(id.value);
    }
};
