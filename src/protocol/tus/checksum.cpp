#include "protocol/tus/checksum.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace sluice::protocol::tus {
namespace {

// CRC-32 of IEEE 802.3, as zlib has it.
constexpr auto crc_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) {
            value = (value & 1U) != 0 ? 0xedb88320U ^ (value >> 1) : value >> 1;
        }
        table[i] = value;
    }
    return table;
}();

struct Algorithm {
    std::string_view name;
    std::size_t digest_bytes;
    const EVP_MD* (*make)();
};

constexpr std::array algorithms{
    Algorithm{"sha1", 20, EVP_sha1},
    Algorithm{"sha256", 32, EVP_sha256},
    Algorithm{"md5", 16, EVP_md5},
    Algorithm{"crc32", 4, nullptr},
};

const Algorithm* algorithm_named(std::string_view name) {
    const auto* const found = std::ranges::find(algorithms, name, &Algorithm::name);
    return found == algorithms.end() ? nullptr : found;
}

std::string base64_of(std::span<const unsigned char> bytes) {
    std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> text{};
    const int count = EVP_EncodeBlock(text.data(), bytes.data(), static_cast<int>(bytes.size()));
    return {text.begin(), text.begin() + count};
}

// A digest of so many bytes, written as encoders write it.
bool is_base64_of(std::string_view text, std::size_t bytes) {
    std::array<unsigned char, 2 * EVP_MAX_MD_SIZE> decoded{};
    if (text.size() != (bytes + 2) / 3 * 4) {
        return false;
    }
    const int count = EVP_DecodeBlock(
        decoded.data(),
        reinterpret_cast<const unsigned char*>(text.data()),
        static_cast<int>(text.size())
    );
    return count >= static_cast<int>(bytes) && base64_of(std::span(decoded).first(bytes)) == text;
}

}  // namespace

Result<std::unique_ptr<Checksum>> Checksum::parse(std::string_view field) {
    const auto blank = std::min(field.find(' '), field.size());
    const auto name = field.substr(0, blank);
    const auto digest = trim(field.substr(blank));
    const Algorithm* algorithm = algorithm_named(name);
    if (algorithm == nullptr) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Upload-Checksum names \"" + printable(name) + "\".",
        };
    }
    if (!is_base64_of(digest, algorithm->digest_bytes)) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "\"" + printable(digest) + "\" is not the base64 of the " +
                     std::to_string(algorithm->digest_bytes) + " bytes of a " + std::string(name) +
                     ".",
        };
    }
    return std::unique_ptr<Checksum>(new Checksum(name, std::string(digest)));
}

Checksum::Checksum(std::string_view name, std::string wanted)
    : name_(name), wanted_(std::move(wanted)) {
    if (const auto* algorithm = algorithm_named(name); algorithm->make != nullptr) {
        auto* context = EVP_MD_CTX_new();
        EVP_DigestInit_ex(context, algorithm->make(), nullptr);
        digest_ = context;
    }
}

Checksum::~Checksum() {
    EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(digest_));
}

void Checksum::update(std::span<const std::byte> bytes) {
    count_ += bytes.size();
    if (digest_ != nullptr) {
        EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(digest_), bytes.data(), bytes.size());
        return;
    }
    for (const std::byte byte : bytes) {
        crc_ = crc_table[(crc_ ^ std::to_integer<std::uint32_t>(byte)) & 0xffU] ^ (crc_ >> 8);
    }
}

Result<void> Checksum::verify() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned length = 4;
    if (digest_ != nullptr) {
        EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(digest_), digest.data(), &length);
    } else {
        for (unsigned i = 0; i < length; ++i) {
            digest[i] = static_cast<unsigned char>(~crc_ >> (24 - 8 * i) & 0xffU);
        }
    }
    const auto came = base64_of(std::span(digest).first(length));
    if (came == wanted_) {
        return ok();
    }
    return Error{
        .code = ErrorCode::checksum_mismatch,
        .facts = name_ + " of the " + std::to_string(count_) + " bytes that came is " + came +
                 ", the request says " + wanted_ + ".",
    };
}

}  // namespace sluice::protocol::tus
