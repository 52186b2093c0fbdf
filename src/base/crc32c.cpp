// CRC-32C with the processor's instruction, three streams at once: the instruction takes three cycles
// and may be begun in each, so one stream alone uses a third of it.
#include <array>
#include <cstring>

#include "base/digest.hpp"

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sluice {
namespace {

constexpr std::uint32_t polynomial = 0x82F63B78U;  // reflected

constexpr std::uint32_t shifted_by_one_bit(std::uint32_t crc) {
    return (crc & 1U) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
}

constexpr std::uint32_t product(std::uint32_t a, std::uint32_t b) {
    std::uint32_t sum = 0;
    for (std::uint32_t bit = 1U << 31; bit != 0; bit >>= 1) {
        sum ^= (a & bit) != 0 ? b : 0;
        b = shifted_by_one_bit(b);
    }
    return sum;
}

constexpr auto make_byte_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
        std::uint32_t crc = byte;
        for (int bit = 0; bit < 8; ++bit) {
            crc = shifted_by_one_bit(crc);
        }
        table[byte] = crc;
    }
    return table;
}

constexpr auto byte_table = make_byte_table();

std::uint32_t by_table(std::span<const std::byte> bytes, std::uint32_t crc) {
    for (const std::byte byte : bytes) {
        crc = byte_table[(crc ^ std::to_integer<std::uint32_t>(byte)) & 255U] ^ (crc >> 8);
    }
    return crc;
}

#if defined(__x86_64__)

// What a register becomes when `length` zero bytes follow: linear, so a table for each of its bytes.
class ZeroBytes {
  public:
    constexpr explicit ZeroBytes(std::size_t length) {
        for (std::size_t place = 0; place < tables_.size(); ++place) {
            // The images of the eight bits of this byte; the others are sums of them.
            for (std::uint32_t bit = 0; bit < 8; ++bit) {
                const std::uint32_t image = after_zeros(1U << (8 * place + bit), length);
                for (std::uint32_t byte = 0; byte < 256; ++byte) {
                    tables_[place][byte] ^= (byte >> bit & 1U) != 0 ? image : 0;
                }
            }
        }
    }

    std::uint32_t operator()(std::uint32_t crc) const {
        return tables_[0][crc & 255U] ^ tables_[1][crc >> 8 & 255U] ^ tables_[2][crc >> 16 & 255U] ^
               tables_[3][crc >> 24];
    }

  private:
    static constexpr std::uint32_t after_zeros(std::uint32_t crc, std::size_t length) {
        for (std::size_t i = 0; i < length; ++i) {
            crc = byte_table[crc & 255U] ^ (crc >> 8);
        }
        return crc;
    }

    std::array<std::array<std::uint32_t, 256>, 4> tables_{};
};

// Long enough that joining three of them is nothing beside them, short enough for the first cache.
constexpr std::size_t stream_bytes = 4096;

const ZeroBytes& stream_of_zeros() {
    static const ZeroBytes zeros(stream_bytes);
    return zeros;
}

std::uint64_t word_at(const std::byte* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    return word;
}

__attribute__((target("sse4.2"))) std::uint32_t three_streams(
    const std::byte* at, std::uint32_t crc
) {
    std::uint64_t first = crc;
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    for (std::size_t i = 0; i < stream_bytes; i += 8) {
        first = _mm_crc32_u64(first, word_at(at + i));
        second = _mm_crc32_u64(second, word_at(at + stream_bytes + i));
        third = _mm_crc32_u64(third, word_at(at + 2 * stream_bytes + i));
    }
    const ZeroBytes& zeros = stream_of_zeros();
    const std::uint32_t joined =
        zeros(static_cast<std::uint32_t>(first)) ^ static_cast<std::uint32_t>(second);
    return zeros(joined) ^ static_cast<std::uint32_t>(third);
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(
    std::span<const std::byte> bytes, std::uint32_t crc
) {
    while (bytes.size() >= 3 * stream_bytes) {
        crc = three_streams(bytes.data(), crc);
        bytes = bytes.subspan(3 * stream_bytes);
    }
    std::uint64_t wide = crc;
    while (bytes.size() >= 8) {
        wide = _mm_crc32_u64(wide, word_at(bytes.data()));
        bytes = bytes.subspan(8);
    }
    return by_table(bytes, static_cast<std::uint32_t>(wide));
}

#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) {
    const std::uint32_t start = ~seed;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) {
        return ~by_instruction(bytes, start);
    }
#endif
    return ~by_table(bytes, start);
}

std::uint32_t crc32c_joined(std::uint32_t first, std::uint32_t second, std::uint64_t second_bytes) {
    // Polynomials modulo the generator, the highest power in the lowest bit: x^0 and x^8.
    std::uint32_t power = 1U << 31;
    std::uint32_t square = 1U << 23;
    for (; second_bytes != 0; second_bytes >>= 1) {
        power = (second_bytes & 1U) != 0 ? product(square, power) : power;
        square = product(square, square);
    }
    return product(power, first) ^ second;
}

}  // namespace sluice
