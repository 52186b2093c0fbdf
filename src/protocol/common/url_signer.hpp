// Signed URLs of delivery, for --auth keys: whoever was given one may fetch that file until it
// expires, without credentials. HMAC-SHA256 over path and expiry, with a key derived from the key
// file. Immutable; any thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace sluice::protocol {

class UrlSigner {
  public:
    // How long a URL holds, to the next full hour: within it the same file has the same URL, so
    // that caches know it.
    static constexpr std::chrono::hours lifetime{24};

    UrlSigner(std::string key, const Clock& clock) : key_(std::move(key)), clock_(clock) {}

    // "?expires=…&signature=…"
    std::string query_for(std::string_view path) const;
    static bool is_signed(std::string_view raw_query);
    // Errors: token_expired, token_unknown (not signed here, or for another path).
    Result<void> check(std::string_view path, std::string_view raw_query) const;

  private:
    std::string signature_of(std::string_view path, std::string_view expires) const;

    const std::string key_;
    const Clock& clock_;
};

}  // namespace sluice::protocol
