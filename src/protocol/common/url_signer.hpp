// Signed URLs of delivery, for --auth keys: whoever was given one may fetch that file until it
// expires, without credentials. HMAC-SHA256 over path and expiry. Each week has a key of its own,
// derived from the key file, and the URL says which: those of this week and of the one before are
// valid, so a key that became known is of no use for long. Immutable; any thread.
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

    UrlSigner(std::string root_key, const Clock& clock)
        : root_key_(std::move(root_key)), clock_(clock) {}

    // "?expires=…&key=…&signature=…"
    std::string query_for(std::string_view path) const;
    static bool is_signed(std::string_view raw_query);
    // Errors: token_expired, token_unknown (not signed here, or for another path).
    Result<void> check(std::string_view path, std::string_view raw_query) const;

  private:
    std::int64_t week() const;
    std::string signature_of(std::string_view path, std::string_view expires, std::string_view key)
        const;

    const std::string root_key_;
    const Clock& clock_;
};

}  // namespace sluice::protocol
