// Offsets and counts of bytes have types, so that they cannot be swapped for each other or for an
// id.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice {

struct ByteCount {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const ByteCount&) const = default;
    constexpr ByteCount operator+(ByteCount other) const { return {value + other.value}; }
    // Precondition: other <= *this.
    constexpr ByteCount operator-(ByteCount other) const { return {value - other.value}; }
    constexpr ByteCount& operator+=(ByteCount other) {
        value += other.value;
        return *this;
    }
};

struct ByteOffset {
    std::uint64_t value = 0;
    constexpr auto operator<=>(const ByteOffset&) const = default;
    constexpr ByteOffset operator+(ByteCount count) const { return {value + count.value}; }
};

namespace literals {
constexpr ByteCount operator""_KiB(unsigned long long n) {
    return {n << 10};
}
constexpr ByteCount operator""_MiB(unsigned long long n) {
    return {n << 20};
}
constexpr ByteCount operator""_GiB(unsigned long long n) {
    return {n << 30};
}
}  // namespace literals

}  // namespace sluice
