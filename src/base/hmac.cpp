#include "base/hmac.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>

#include "base/assert.hpp"

namespace sluice {

std::string hmac(HashKind kind, std::string_view key, std::string_view message) {
    const EVP_MD* hash = kind == HashKind::sha1 ? EVP_sha1() : EVP_sha256();
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    const auto* done = HMAC(
        hash,
        key.data(),
        static_cast<int>(key.size()),
        reinterpret_cast<const unsigned char*>(message.data()),
        message.size(),
        digest.data(),
        &length
    );
    SLUICE_ASSERT(done != nullptr);
    return {reinterpret_cast<const char*>(digest.data()), length};
}

bool equal_in_constant_time(std::string_view left, std::string_view right) {
    return left.size() == right.size() &&
           CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0;
}

std::string random_bytes(std::size_t count) {
    std::string bytes(count, '\0');
    SLUICE_ASSERT(count <= 256);  // what the kernel gives whole
    SLUICE_ASSERT(::getrandom(bytes.data(), count, 0) == static_cast<ssize_t>(count));
    return bytes;
}

namespace {

// As many as 64 random bytes give: those beyond the largest multiple of 62 are thrown away, so that all letters are
// equally likely.
std::string random_letters() {
    static constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    constexpr unsigned limit = 256 / alphabet.size() * alphabet.size();
    std::string letters;
    for (const char c : random_bytes(64)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < limit) {
            letters += alphabet[byte % alphabet.size()];
        }
    }
    return letters;
}

}  // namespace

std::string random_word(std::size_t length) {
    std::string word;
    while (word.size() < length) {
        word += random_letters();
    }
    word.resize(length);
    return word;
}

std::string hex_of(std::string_view bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += digits[byte >> 4];
        hex += digits[byte & 15U];
    }
    return hex;
}

std::string base64_of(std::string_view bytes) {
    std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
    const int length = EVP_EncodeBlock(
        reinterpret_cast<unsigned char*>(text.data()),
        reinterpret_cast<const unsigned char*>(bytes.data()),
        static_cast<int>(bytes.size())
    );
    text.resize(static_cast<std::size_t>(length));
    return text;
}

}  // namespace sluice
