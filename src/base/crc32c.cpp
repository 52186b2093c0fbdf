// CRC-32C by folding where the processor can; else with its own instruction, three streams at once: the
// instruction takes three cycles and may be begun in each, so one stream alone uses a third of it.
#include <array>
#include <cstring>

#include "base/digest.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
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
        // The images of the eight bits of a byte; the others are sums of them.
        for (std::uint32_t bit = 0; bit < 32; ++bit) {
            add_image(tables_[bit / 8], bit % 8, after_zeros(1U << bit, length));
        }
    }

    std::uint32_t operator()(std::uint32_t crc) const {
        return tables_[0][crc & 255U] ^ tables_[1][crc >> 8 & 255U] ^ tables_[2][crc >> 16 & 255U] ^
               tables_[3][crc >> 24];
    }

  private:
    using Table = std::array<std::uint32_t, 256>;

    static constexpr std::uint32_t after_zeros(std::uint32_t crc, std::size_t length) {
        for (std::size_t i = 0; i < length; ++i) {
            crc = byte_table[crc & 255U] ^ (crc >> 8);
        }
        return crc;
    }

    static constexpr void add_image(Table& table, std::uint32_t bit, std::uint32_t image) {
        for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
            table[byte] ^= (byte >> bit & 1U) != 0 ? image : 0;
        }
    }

    std::array<Table, 4> tables_{};
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

// By folding (Gopal and others, "Fast CRC computation using PCLMULQDQ"): 256 bytes at once are moved
// over the next 256 by two products without carries each, which keeps the remainder. A third of the
// time of the three streams where a processor multiplies four pairs at once.
constexpr std::size_t folded_bytes = 256;

#define SLUICE_FOLDS __attribute__((target("avx512f,avx512vl,vpclmulqdq,pclmul,sse4.2")))

// x^(distance + 32) and x^(distance - 32) modulo the generator, for the two halves of 128 bits.
SLUICE_FOLDS __m512i fold(__m512i old, __m512i by, __m512i next) {
    constexpr int sum_of_three = 0x96;
    return _mm512_ternarylogic_epi64(
        _mm512_clmulepi64_epi128(old, by, 0x00),
        _mm512_clmulepi64_epi128(old, by, 0x11),
        next,
        sum_of_three
    );
}

SLUICE_FOLDS __m128i fold(__m128i old, __m128i by, __m128i next) {
    return _mm_xor_si128(
        _mm_xor_si128(_mm_clmulepi64_si128(old, by, 0x00), _mm_clmulepi64_si128(old, by, 0x11)),
        next
    );
}

SLUICE_FOLDS __m512i block_at(const std::byte* at) {
    return _mm512_loadu_si512(at);
}

SLUICE_FOLDS std::uint32_t remainder_of(__m512i folded) {
    const auto by_16 = _mm_setr_epi32(static_cast<int>(0xf20c0dfeU), 0, 0x493c7d27, 0);
    __m128i sum = _mm512_extracti32x4_epi32(folded, 0);
    sum = fold(sum, by_16, _mm512_extracti32x4_epi32(folded, 1));
    sum = fold(sum, by_16, _mm512_extracti32x4_epi32(folded, 2));
    sum = fold(sum, by_16, _mm512_extracti32x4_epi32(folded, 3));
    const auto low = static_cast<std::uint64_t>(_mm_extract_epi64(sum, 0));
    const auto high = static_cast<std::uint64_t>(_mm_extract_epi64(sum, 1));
    return static_cast<std::uint32_t>(_mm_crc32_u64(_mm_crc32_u64(0, low), high));
}

// Bytes that have just come from a socket, half a MiB at once, are no longer in the second cache.
inline void fetch_ahead(const std::byte* at) {
    constexpr std::size_t distance = 2048;
    for (std::size_t i = 0; i < folded_bytes; i += 64) {
        __builtin_prefetch(at + distance + i);  // beyond the end, too: it cannot fault
    }
}

// Precondition: at least 256 bytes.
SLUICE_FOLDS std::uint32_t by_folding(std::span<const std::byte> bytes, std::uint32_t crc) {
    const auto by_256 = _mm512_broadcast_i32x4(
        _mm_setr_epi32(static_cast<int>(0xdcb17aa4U), 0, static_cast<int>(0xb9e02b86U), 0)
    );
    const auto by_64 =
        _mm512_broadcast_i32x4(_mm_setr_epi32(0x740eef02, 0, static_cast<int>(0x9e4addf8U), 0));
    const std::byte* at = bytes.data();
    const auto begun = _mm512_zextsi128_si512(_mm_cvtsi32_si128(static_cast<int>(crc)));
    auto first = _mm512_xor_si512(block_at(at), begun);
    auto second = block_at(at + 64);
    auto third = block_at(at + 128);
    auto fourth = block_at(at + 192);
    const std::size_t rest = bytes.size() % folded_bytes;
    for (at += folded_bytes; at + rest < bytes.data() + bytes.size(); at += folded_bytes) {
        fetch_ahead(at);
        first = fold(first, by_256, block_at(at));
        second = fold(second, by_256, block_at(at + 64));
        third = fold(third, by_256, block_at(at + 128));
        fourth = fold(fourth, by_256, block_at(at + 192));
    }
    const auto joined = fold(fold(fold(first, by_64, second), by_64, third), by_64, fourth);
    return by_instruction(bytes.last(rest), remainder_of(joined));
}

bool has_folding() {
    static const bool has = __builtin_cpu_supports("avx512f") != 0 &&
                            __builtin_cpu_supports("avx512vl") != 0 &&
                            __builtin_cpu_supports("vpclmulqdq") != 0;
    return has;
}

#endif

}  // namespace

std::uint32_t crc32c(std::span<const std::byte> bytes, std::uint32_t seed) {
    const std::uint32_t start = ~seed;
#if defined(__x86_64__)
    if (bytes.size() >= folded_bytes && has_folding()) {
        return ~by_folding(bytes, start);
    }
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
