#include "http/delimiter_search.hpp"

#include <cstring>
#include <utility>

#include "base/assert.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

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

constexpr std::size_t block = 32;

// A place where the first and the last byte are right: one in 65,536 of bytes without a pattern.
__attribute__((target("avx2"))) std::uint32_t candidates(
    const char* at, std::size_t to_last, __m256i first, __m256i last
) {
    const auto begins = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
    const auto ends = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at + to_last));
    const auto both =
        _mm256_and_si256(_mm256_cmpeq_epi8(begins, first), _mm256_cmpeq_epi8(ends, last));
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(both));
}

__attribute__((target("avx2"))) std::size_t by_blocks(
    std::string_view text, std::string_view what
) {
    const std::size_t to_last = what.size() - 1;
    const auto first = _mm256_set1_epi8(what.front());
    const auto last = _mm256_set1_epi8(what.back());
    std::size_t at = 0;
    std::size_t wrong = 0;
    for (; at + to_last + block <= text.size(); at += block) {
        auto places = candidates(text.data() + at, to_last, first, last);
        for (; places != 0; places &= places - 1) {
            const std::size_t place = at + static_cast<std::size_t>(std::countr_zero(places));
            if (std::memcmp(text.data() + place, what.data(), what.size()) == 0) {
                return place;
            }
            ++wrong;
        }
        // Bytes that are made of the delimiter's own: the library is never slow.
        if (wrong > 64 + at / 16) {
            at += block;
            break;
        }
    }
    const auto rest = by_library(text.substr(at), what);
    return rest == npos ? npos : at + rest;
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
