#include "base/digest.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <array>

#include "base/assert.hpp"
#include "base/base64.hpp"
#include "base/text.hpp"

namespace sluice {
namespace {

std::string hex_of(std::span<const unsigned char> bytes) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const unsigned char byte : bytes) {
        hex += digits[byte >> 4];
        hex += digits[byte & 15U];
    }
    return hex;
}

constexpr std::size_t md5_length = 16;

}  // namespace

Md5::Md5() : state_(EVP_MD_CTX_new()) {
    const int begun = EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(state_), EVP_md5(), nullptr);
    SLUICE_ASSERT(begun == 1);
}

Md5::~Md5() {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(state_));
}

void Md5::update(std::span<const std::byte> bytes) {
    EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(state_), bytes.data(), bytes.size());
}

std::string Md5::finish_hex() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 0;
    EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(state_), digest.data(), &length);
    return hex_of(std::span(digest).first(length));
}

std::string md5_as_hex(std::string_view written) {
    const std::string text = lower_case(written);
    if (text.size() == 2 * md5_length) {
        const bool is_hex = text.find_first_not_of("0123456789abcdef") == std::string::npos;
        return is_hex ? text : std::string();
    }
    Base64Decoder decoder;
    std::vector<std::byte> bytes;
    const bool is_read = decoder.feed(std::as_bytes(std::span(written)), bytes) && decoder.finish();
    if (!is_read || bytes.size() != md5_length) {
        return {};
    }
    return hex_of({reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()});
}

std::string hex8(std::uint32_t value) {
    static constexpr std::string_view digits = "0123456789abcdef";
    std::string hex(8, '0');
    for (std::size_t i = 0; i < 8; ++i) {
        hex[7 - i] = digits[(value >> (4 * i)) & 15U];
    }
    return hex;
}

std::string sha256_hex(std::string_view text) {
    std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
    return hex_of(digest);
}

}  // namespace sluice
