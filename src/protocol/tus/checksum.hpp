// Upload-Checksum of tus: the digest of one request's whole body, computed while it comes. One
// request's coroutine.
#pragma once

#include <boost/crc.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"
#include "protocol/common/body_check.hpp"

namespace sluice::protocol::tus {

// As OPTIONS says.
inline constexpr std::string_view checksum_algorithms = "sha1,sha256,md5,crc32";

class Checksum final : public BodyCheck {
  public:
    // "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="; crc32 as four bytes in network order. Errors:
    // checksum_invalid.
    static Result<std::unique_ptr<Checksum>> parse(std::string_view field);

    // Of the request's field; null if there is none. Errors: as above.
    static Result<std::unique_ptr<Checksum>> of(const http::Request& request);

    ~Checksum() override;
    Checksum(const Checksum&) = delete;
    Checksum& operator=(const Checksum&) = delete;

    void update(std::span<const std::byte> bytes) override;
    Result<void> verify() override;

  private:
    Checksum(std::string_view name, std::string wanted);

    std::string name_;
    std::string wanted_;      // in base64
    void* digest_ = nullptr;  // OpenSSL's; none for crc32
    boost::crc_32_type crc_;  // of IEEE 802.3
    std::uint64_t count_ = 0;
};

}  // namespace sluice::protocol::tus
