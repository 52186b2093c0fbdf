// Digests as the resumable protocols send them: beside a body, or behind it in the trailer section. Each
// protocol has a table of the algorithms that it knows, under its names for them; the sums are made here.
#pragma once

#include <openssl/evp.h>

#include <algorithm>
#include <boost/crc.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "http/request.hpp"

namespace sluice::protocol {

struct DigestAlgorithm {
    std::string_view name;
    std::size_t digest_bytes;
    const EVP_MD* (*make)();  // null: crc32 of IEEE 802.3, as four bytes in network order
};

// Null: none of `known`.
inline const DigestAlgorithm* algorithm_named(
    std::span<const DigestAlgorithm> known, std::string_view name
) {
    const auto found = std::ranges::find(known, name, &DigestAlgorithm::name);
    return found == known.end() ? nullptr : &*found;
}

// Whether `base64` is a digest of that algorithm's length. Errors: checksum_invalid.
Result<void> check_digest(const DigestAlgorithm& algorithm, std::string_view base64);

// Whether the field Trailer says that `name` comes behind the body.
bool announces_trailer(const http::Request& request, std::string_view name);

// The sum of one algorithm, of bytes that come in pieces. One thread at a time; movable.
class DigestSum {
  public:
    explicit DigestSum(const DigestAlgorithm& algorithm);

    const DigestAlgorithm& algorithm() const { return *algorithm_; }
    void update(std::span<const std::byte> bytes);
    // In base64; once, at the end.
    std::string end();

  private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };

    const DigestAlgorithm* algorithm_;
    std::unique_ptr<EVP_MD_CTX, Free> digest_;  // none for crc32
    boost::crc_32_type crc_;
};

}  // namespace sluice::protocol
