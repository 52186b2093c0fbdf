#include "base/ids.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/assert.hpp"
#include "base/text.hpp"

namespace sluice {
namespace {

constexpr std::int64_t x_epoch_ms = 1'288'834'974'657;  // 2010-11-04, the epoch of X's ids
constexpr std::uint64_t margin_ms = 60'000;  // of what was given out and not written down
constexpr int sequence_bits = 12;
constexpr int shard_bits = 10;

// As a client leaves it that keeps numbers in a double, and prints it with 17 digits.
bool looks_rounded(std::uint64_t id) {
    return id % 100 == 0;
}

// Random bytes for names, not for secrets: the system is asked for many at a time.
class RandomBytes {
  public:
    void fill(std::span<unsigned char> wanted) {
        if (left_ < wanted.size()) {
            const auto got = getrandom(bytes_.data(), bytes_.size(), 0);
            SLUICE_ASSERT(got == static_cast<ssize_t>(bytes_.size()));
            left_ = bytes_.size();
        }
        left_ -= wanted.size();
        std::copy_n(
            bytes_.begin() + static_cast<std::ptrdiff_t>(left_), wanted.size(), wanted.begin()
        );
    }

  private:
    // As many as getrandom(2) gives whole, whatever signals come.
    std::array<unsigned char, 250> bytes_{};
    std::size_t left_ = 0;
};

}  // namespace

std::optional<MediaId> MediaId::parse(std::string_view text) {
    if (text.size() > 19) {
        return std::nullopt;
    }
    const auto number = parse_unsigned(text);
    if (!number || *number == 0 || *number > 0x7fff'ffff'ffff'ffffULL) {
        return std::nullopt;
    }
    return MediaId{*number};
}

IdSource::IdSource(const Clock& clock, std::uint16_t shard) : clock_(clock), shard_(shard) {
    SLUICE_ASSERT(shard < (1U << shard_bits));
}

std::uint64_t IdSource::next() {
    const auto since = clock_.now().time_since_epoch().count() - x_epoch_ms;
    const std::uint64_t floor = static_cast<std::uint64_t>(std::max<std::int64_t>(since, 0))
                                << sequence_bits;
    const std::lock_guard guard(mutex_);
    // When 4096 ids are used up in one millisecond, or the clock stepped back, ids run a little ahead
    // of time.
    last_ = std::max(last_ + 1, floor);
    while (looks_rounded(composed(last_))) {
        ++last_;
    }
    return composed(last_);
}

void IdSource::begin_after(std::uint64_t newest) {
    const std::uint64_t then = newest >> (sequence_bits + shard_bits);
    const auto now = static_cast<std::uint64_t>(
        std::max<std::int64_t>(clock_.now().time_since_epoch().count() - x_epoch_ms, 0)
    );
    if (now > then) {
        return;  // as usual: the clock alone is enough
    }
    // By chance, so that a process that is started twice before anything is written down does not
    // begin at the same place.
    std::array<unsigned char, 2> chance{};
    RandomBytes().fill(chance);
    const std::uint64_t skipped_ms = chance[0] * 256ULL + chance[1];
    const std::lock_guard guard(mutex_);
    last_ = std::max(last_, (then + margin_ms + skipped_ms) << sequence_bits);
}

std::uint64_t IdSource::composed(std::uint64_t time_and_sequence) const {
    constexpr std::uint64_t sequence_mask = (1ULL << sequence_bits) - 1;
    const std::uint64_t milliseconds = time_and_sequence >> sequence_bits;
    return (milliseconds << (sequence_bits + shard_bits)) |
           (static_cast<std::uint64_t>(shard_) << sequence_bits) |
           (time_and_sequence & sequence_mask);
}

std::string make_request_id(const Clock& clock) {
    static constexpr std::string_view alphabet =
        "0123456789abcdefghjkmnpqrstvwxyz";  // Crockford's base 32
    std::array<unsigned char, 16> bytes{};
    const auto milliseconds = static_cast<std::uint64_t>(clock.now().time_since_epoch().count());
    for (int i = 0; i < 6; ++i) {
        bytes[static_cast<std::size_t>(i)] =
            static_cast<unsigned char>(milliseconds >> (8 * (5 - i)));
    }
    thread_local RandomBytes random;
    random.fill(std::span(bytes).subspan(6));
    std::array<char, 30> text{'r', 'e', 'q', '_'};
    auto* to = text.begin() + 4;
    // 130 bits for 26 characters: the two missing ones are zeros in front. Then five bytes are eight characters.
    *to++ = alphabet[bytes[0] >> 5U];
    *to++ = alphabet[bytes[0] & 31U];
    for (std::size_t at = 1; at < bytes.size(); at += 5) {
        std::uint64_t bits = 0;
        for (std::size_t i = 0; i < 5; ++i) {
            bits = (bits << 8U) | bytes[at + i];
        }
        for (unsigned shift = 40; shift > 0;) {
            shift -= 5;
            *to++ = alphabet[(bits >> shift) & 31U];
        }
    }
    return {text.begin(), text.end()};
}

}  // namespace sluice
