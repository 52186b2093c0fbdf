#include "base/secret_box.hpp"

#include <openssl/evp.h>

#include <memory>
#include <optional>

#include "base/assert.hpp"
#include "base/hmac.hpp"

namespace sluice {
namespace {

constexpr std::size_t nonce_bytes = 12;
constexpr std::size_t tag_bytes = 16;

using Cipher = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const unsigned char* raw(std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* raw(std::string& text) {
    return reinterpret_cast<unsigned char*>(text.data());
}

int length_of(std::string_view text) {
    return static_cast<int>(text.size());
}

std::optional<std::string> from_hex(std::string_view hex) {
    const auto value = [](char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    std::string bytes;
    for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
        const int high = value(hex[at]);
        const int low = value(hex[at + 1]);
        if (high < 0 || low < 0) {
            return std::nullopt;
        }
        bytes += static_cast<char>(high << 4 | low);
    }
    return hex.size() % 2 == 0 ? std::optional(bytes) : std::nullopt;
}

Error unreadable() {
    return {
        .code = ErrorCode::storage_failed,
        .detail = "a sealed secret cannot be opened: the key file is not the one it was made with",
    };
}

}  // namespace

SecretBox::SecretBox(std::string key) : key_(std::move(key)) {
    SLUICE_ASSERT(key_.size() == key_bytes);
}

std::string SecretBox::seal(std::string_view secret, std::string_view label) const {
    const std::string nonce = random_bytes(nonce_bytes);
    const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    std::string sealed(secret.size(), '\0');
    std::string tag(tag_bytes, '\0');
    int length = 0;
    const bool is_done =
        EVP_EncryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw(key_), raw(nonce)) == 1 &&
        EVP_EncryptUpdate(cipher.get(), nullptr, &length, raw(label), length_of(label)) == 1 &&
        EVP_EncryptUpdate(cipher.get(), raw(sealed), &length, raw(secret), length_of(secret)) ==
            1 &&
        EVP_EncryptFinal_ex(cipher.get(), raw(sealed) + length, &length) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_GET_TAG, tag_bytes, tag.data()) == 1;
    SLUICE_ASSERT(is_done);
    return hex_of(nonce + sealed + tag);
}

Result<std::string> SecretBox::open(std::string_view sealed, std::string_view label) const {
    const auto bytes = from_hex(sealed);
    if (!bytes || bytes->size() < nonce_bytes + tag_bytes) {
        return unreadable();
    }
    const std::string_view all = *bytes;
    const auto nonce = all.substr(0, nonce_bytes);
    const auto body = all.substr(nonce_bytes, all.size() - nonce_bytes - tag_bytes);
    std::string tag(all.substr(all.size() - tag_bytes));
    std::string secret(body.size(), '\0');
    const Cipher cipher(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
    int length = 0;
    const bool is_genuine =
        EVP_DecryptInit_ex(cipher.get(), EVP_aes_256_gcm(), nullptr, raw(key_), raw(nonce)) == 1 &&
        EVP_DecryptUpdate(cipher.get(), nullptr, &length, raw(label), length_of(label)) == 1 &&
        EVP_DecryptUpdate(cipher.get(), raw(secret), &length, raw(body), length_of(body)) == 1 &&
        EVP_CIPHER_CTX_ctrl(cipher.get(), EVP_CTRL_GCM_SET_TAG, tag_bytes, tag.data()) == 1 &&
        EVP_DecryptFinal_ex(cipher.get(), raw(secret) + length, &length) == 1;
    return is_genuine ? Result<std::string>(std::move(secret)) : unreadable();
}

std::string SecretBox::derived_key(std::string_view purpose) const {
    return hmac(HashKind::sha256, key_, "sluice derived key: " + std::string(purpose));
}

}  // namespace sluice
