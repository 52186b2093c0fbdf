#include "http/delimiter_search.hpp"

#include <cstring>
#include <utility>

#include "base/assert.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <array>
#include <bit>
#include <cstdint>
#endif

namespace sluice::http {
namespace {

constexpr auto npos = std::string_view::npos;

std::size_t by_library(std::string_view text, std::string_view what) {
    const void* at = ::memmem(text.data(), text.size(), what.data(), what.size());
    return at == nullptr ? npos
                         : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

#if defined(__x86_64__)

// Places where the first and the last byte are right: one in 65,536 of bytes without a pattern.
class Candidates {
  public:
    Candidates(std::string_view text, std::string_view what) : text_(text), what_(what) {}

    // The first of them, as bits from `at` on, that is one; npos: none.
    std::size_t first_right(std::size_t at, std::uint64_t places) {
        for (; places != 0; places &= places - 1) {
            const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
            if (std::memcmp(text_.data() + place, what_.data(), what_.size()) == 0) {
                return place;
            }
            ++wrong_;
        }
        return npos;
    }
    // Of rows of 64 one behind the other.
    template <std::size_t rows>
    std::size_t first_right_of(std::size_t at, const std::array<std::uint64_t, rows>& places) {
        for (std::size_t row = 0; row < rows; ++row) {
            if (const auto place = first_right(at + 64 * row, places[row]); place != npos) {
                return place;
            }
        }
        return npos;
    }
    // Bytes that are made of the delimiter's own: the library is never slow.
    bool are_too_many(std::size_t at) const { return wrong_ > 64 + at / 16; }
    std::size_t rest(std::size_t at) const {
        const auto found = by_library(text_.substr(at), what_);
        return found == npos ? npos : at + found;
    }

  private:
    std::string_view text_;
    std::string_view what_;
    std::size_t wrong_ = 0;
};

__attribute__((target("avx2"))) std::size_t by_32(std::string_view text, std::string_view what) {
    constexpr std::size_t block = 32;
    const std::size_t to_last = what.size() - 1;
    const auto first = _mm256_set1_epi8(what.front());
    const auto last = _mm256_set1_epi8(what.back());
    Candidates candidates(text, what);
    std::size_t at = 0;
    for (; at + to_last + block <= text.size() && !candidates.are_too_many(at); at += block) {
        const auto* const begin = reinterpret_cast<const __m256i*>(text.data() + at);
        const auto* const end = reinterpret_cast<const __m256i*>(text.data() + at + to_last);
        const auto both = _mm256_and_si256(
            _mm256_cmpeq_epi8(_mm256_loadu_si256(begin), first),
            _mm256_cmpeq_epi8(_mm256_loadu_si256(end), last)
        );
        const auto places = static_cast<std::uint32_t>(_mm256_movemask_epi8(both));
        const auto place = places != 0 ? candidates.first_right(at, places) : npos;
        if (place != npos) {
            return place;
        }
    }
    return candidates.rest(at);
}

// 256 at once: bytes without a pattern have candidates in one of 256 such rows.
__attribute__((target("avx512f,avx512bw"))) std::size_t by_64(
    std::string_view text, std::string_view what
) {
    constexpr std::size_t block = 64;
    constexpr std::size_t blocks = 4;
    constexpr std::size_t ahead = 2048;  // whoever searches is the first to look at these bytes
    const std::size_t to_last = what.size() - 1;
    const auto first = _mm512_set1_epi8(what.front());
    const auto last = _mm512_set1_epi8(what.back());
    Candidates candidates(text, what);
    std::size_t at = 0;
    for (; at + to_last + blocks * block <= text.size(); at += blocks * block) {
        std::array<std::uint64_t, blocks> places;
        std::uint64_t any = 0;
        for (std::size_t i = 0; i < blocks; ++i) {
            const char* const begin = text.data() + at + i * block;
            __builtin_prefetch(begin + ahead);
            const auto right = _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(begin), first);
            const auto end = _mm512_loadu_si512(begin + to_last);
            places[i] = _mm512_mask_cmpeq_epi8_mask(right, end, last);
            any |= places[i];
        }
        const auto place = any != 0 ? candidates.first_right_of(at, places) : npos;
        if (place != npos) {
            return place;
        }
        if (any != 0 && candidates.are_too_many(at)) {
            return candidates.rest(at + blocks * block);
        }
    }
    return candidates.rest(at);
}

std::size_t by_blocks(std::string_view text, std::string_view what) {
    static const bool has_64 =
        __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0;
    return has_64 ? by_64(text, what) : by_32(text, what);
}

bool has_blocks() {
    static const bool has = __builtin_cpu_supports("avx2") != 0;
    return has;
}

#else

std::size_t by_blocks(std::string_view text, std::string_view what) {
    return by_library(text, what);
}

constexpr bool has_blocks() {
    return false;
}

#endif

}  // namespace

DelimiterSearch::DelimiterSearch(std::string what) : what_(std::move(what)) {
    SLUICE_ASSERT(what_.size() >= 4);
}

std::size_t DelimiterSearch::find_in(std::string_view text) const {
    return has_blocks() ? by_blocks(text, what_) : by_library(text, what_);
}

}  // namespace sluice::http
