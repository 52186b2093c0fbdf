// Seals secrets that must be known in clear later (OAuth 1.0a secrets: an HMAC cannot be checked
// against a digest), so that a copy of the database alone does not give them away. AES-256-GCM with
// a key from outside the database; the label (which row it belongs to) is authenticated with it, so
// that a sealed secret cannot be moved to another row. Immutable; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace sluice {

class SecretBox {
  public:
    static constexpr std::size_t key_bytes = 32;

    // `key`: 32 bytes.
    explicit SecretBox(std::string key);

    // Hexadecimal text: nonce, ciphertext, tag.
    std::string seal(std::string_view secret, std::string_view label) const;
    // Errors: storage_failed (another key, another label, or the text was changed).
    Result<std::string> open(std::string_view sealed, std::string_view label) const;

    // A key of its own for another purpose, 32 bytes.
    std::string derived_key(std::string_view purpose) const;

  private:
    std::string key_;
};

}  // namespace sluice
