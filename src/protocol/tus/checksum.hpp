// Upload-Checksum of tus, before the body or behind it: the digest of one request's whole body,
// computed while it comes. One request's coroutine.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "http/body_reader.hpp"
#include "http/request.hpp"
#include "protocol/common/body_check.hpp"
#include "protocol/common/digest_sum.hpp"

namespace sluice::protocol::tus {

// As OPTIONS says.
inline constexpr std::string_view checksum_algorithms = "sha1,sha256,md5,crc32";

class Checksum final : public BodyCheck {
  public:
    // Of the request's field, and of the trailer that its field Trailer announces; null if neither is
    // there. Which algorithm a trailer means is known at the end, so all are computed for it. Errors:
    // checksum_invalid.
    static Result<std::unique_ptr<Checksum>> of(
        const http::Request& request, const http::BodyReader& body
    );

    void update(std::span<const std::byte> bytes) override;
    // Errors: also checksum_invalid, of the trailer.
    Result<void> verify() override;

  private:
    // "sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk="; crc32 as four bytes in network order.
    struct Wanted {
        std::string name;
        std::string digest;  // in base64
        bool operator==(const Wanted&) const = default;
    };

    Checksum() = default;
    static Result<Wanted> parse(std::string_view field);
    Result<void> take_trailer();

    std::vector<DigestSum> sums_;
    std::optional<Wanted> wanted_;
    const http::BodyReader* trailers_ = nullptr;  // none is announced
    std::uint64_t count_ = 0;
};

}  // namespace sluice::protocol::tus
