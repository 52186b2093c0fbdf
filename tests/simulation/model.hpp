// Model: what the clients of a history know of their uploads, which is all that the checker goes by:
// what they sent, and whether the answer said yes, said no, or never came. Values.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/output.hpp"
#include "core/upload.hpp"

namespace sluice::simulation {

// Something that was asked for. Acknowledged: it stands. Maybe: no answer came, or one that leaves it
// open. Pending: asked just now.
struct Wish {
    int pending = 0;
    bool maybe = false;
    bool acknowledged = false;
    bool is_possible() const { return pending > 0 || maybe || acknowledged; }
};

enum class Answer : std::uint8_t { yes, no, unknown };

inline void settle(Wish& wish, Answer answer) {
    --wish.pending;
    wish.acknowledged = wish.acknowledged || answer == Answer::yes;
    wish.maybe = wish.maybe || answer == Answer::unknown;
}

// What was said yes to may be gone.
inline void doubt(std::span<Wish> wishes) {
    for (Wish& wish : wishes) {
        wish.maybe = wish.maybe || wish.acknowledged;
        wish.acknowledged = false;
    }
}

// What an upload is to become: the lengths of its segments, cut anywhere.
struct UploadPlan {
    std::uint64_t key = 0;  // its bytes follow from it
    std::vector<std::uint64_t> lengths;
    std::uint64_t total() const {
        std::uint64_t sum = 0;
        for (const std::uint64_t length : lengths) {
            sum += length;
        }
        return sum;
    }
};

// The bytes of a segment: variant 0 is the right one, 1 has other bytes, 2 and 3 another length.
inline constexpr std::size_t variant_count = 4;
std::vector<std::byte> bytes_of(const UploadPlan& plan, std::uint16_t index, std::size_t variant);
// What a worker makes of an input.
inline constexpr const char* video_name = "video.mp4";
inline constexpr const char* poster_name = "poster.jpg";
std::vector<std::byte> output_of(const std::vector<std::byte>& input, std::size_t number);

struct UploadModel {
    UploadPlan plan;
    MediaId id;
    Principal owner;
    bool one_shot = false;
    WallTime expires_at;
    std::map<std::uint16_t, std::array<Wish, variant_count>> sent;
    Wish finalize;
    Wish cancel;
    Wish keep;
    // What was seen of it.
    UploadState last_state = UploadState::open;
    std::optional<std::vector<Output>> outputs;
    // Told of by a repeated call, before the call that made it was answered.
    bool is_told_by_repeat = false;
    // A loss of power may have taken it, since nothing that survives one was promised yet.
    bool is_abandoned = false;

    // The variant that is known to stand; nothing if none was acknowledged.
    std::optional<std::size_t> acknowledged_variant(std::uint16_t index) const;
    // All right bytes, acknowledged, and nothing else that could be in the way.
    bool is_surely_complete() const;
    // Whether these bytes may be what stands at the index.
    bool may_stand(std::uint16_t index, const std::vector<std::byte>& bytes) const;
    // Whether something else than these bytes may stand there.
    bool may_stand_other(std::uint16_t index, const std::vector<std::byte>& bytes) const;
    std::uint64_t most_received() const;
};

// An Idempotency-Key, and what was asked under it: the first call, and another one that comes under
// the same key by mistake.
struct KeyModel {
    struct Asked {
        UploadPlan plan;
        Wish wish;
    };
    Principal owner;
    std::string key;
    bool is_whole = false;  // the file in one call; else INIT
    std::array<Asked, 2> asked;
    std::optional<MediaId> known;  // the upload that the last answer named
};

}  // namespace sluice::simulation
