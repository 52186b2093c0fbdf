// A range of IP addresses, as "10.0.0.0/8" or "::1". Value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice {

class AddressRange {
  public:
    // Nothing for what is none, also where bits beyond the prefix are set.
    static std::optional<AddressRange> parse(std::string_view text);
    // Of an address without a port; false for what is none. An IPv4 address may be written as IPv6
    // (::ffff:10.0.0.1).
    bool contains(std::string_view address) const;

  private:
    std::array<std::uint8_t, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d
    unsigned bits_ = 128;
};

// Whether the text is an IP address without a port.
bool is_ip_address(std::string_view text);

}  // namespace sluice
