#include "protocol/tus/checksum.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "base/base64.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"
#include "protocol/tus/fields.hpp"

namespace sluice::protocol::tus {
namespace {

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
    const auto bytes = base64_decoded_strictly(digest);
    if (!bytes || bytes->size() != algorithm->digest_bytes) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "\"" + printable(digest) + "\" is not the base64 of the " +
                     std::to_string(algorithm->digest_bytes) + " bytes of a " + std::string(name) +
                     ".",
        };
    }
    return std::unique_ptr<Checksum>(new Checksum(name, std::string(digest)));
}

Result<std::unique_ptr<Checksum>> Checksum::of(const http::Request& request) {
    const auto field = request.header("Upload-Checksum");
    return field ? parse(*field) : Result<std::unique_ptr<Checksum>>(nullptr);
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
    crc_.process_bytes(bytes.data(), bytes.size());
}

Result<void> Checksum::verify() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 4;
    if (digest_ != nullptr) {
        auto* const bytes = reinterpret_cast<unsigned char*>(digest.data());
        EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(digest_), bytes, &length);
    } else {
        for (unsigned i = 0; i < length; ++i) {
            digest[i] = static_cast<char>(crc_.checksum() >> (24 - 8 * i) & 0xffU);
        }
    }
    const auto came = base64_of(std::string_view(digest).substr(0, length));
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
