#include "base/address_range.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "base/text.hpp"

namespace sluice {
namespace {

using Bytes = std::array<std::uint8_t, 16>;

constexpr unsigned mapped_bits = 96;
constexpr std::size_t mapped_bytes = mapped_bits / 8;

std::optional<Bytes> bytes_of(std::string_view text) {
    Bytes bytes{};
    const std::string address(text);
    if (::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
        return bytes;
    }
    bytes = {};
    bytes[mapped_bytes - 2] = bytes[mapped_bytes - 1] = 0xff;
    return ::inet_pton(AF_INET, address.c_str(), bytes.data() + mapped_bytes) == 1
               ? std::optional(bytes)
               : std::nullopt;
}

bool bit_of(const Bytes& bytes, unsigned bit) {
    return ((bytes[bit / 8] >> (7 - bit % 8)) & 1) != 0;
}

}  // namespace

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
    const auto slash = std::min(text.find('/'), text.size());
    const auto bytes = bytes_of(text.substr(0, slash));
    if (!bytes) {
        return std::nullopt;
    }
    AddressRange range;
    range.bytes_ = *bytes;
    if (slash == text.size()) {
        return range;
    }
    const bool is_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
    const auto bits = parse_unsigned(text.substr(slash + 1));
    if (!bits || *bits > (is_v4 ? 32U : 128U)) {
        return std::nullopt;
    }
    range.bits_ = static_cast<unsigned>(*bits) + (is_v4 ? mapped_bits : 0);
    for (unsigned bit = range.bits_; bit < 128; ++bit) {
        if (bit_of(range.bytes_, bit)) {
            return std::nullopt;
        }
    }
    return range;
}

bool AddressRange::contains(std::string_view address) const {
    const auto bytes = bytes_of(address);
    for (unsigned bit = 0; bytes && bit < bits_; ++bit) {
        if (bit_of(*bytes, bit) != bit_of(bytes_, bit)) {
            return false;
        }
    }
    return bytes.has_value();
}

bool is_ip_address(std::string_view text) {
    return bytes_of(text).has_value();
}

}  // namespace sluice
