#include "store/s3/body.hpp"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "base/assert.hpp"
#include "base/hmac.hpp"

namespace sluice::s3 {

std::size_t TextBody::read(ByteOffset offset, std::span<std::byte> bytes) const {
    const auto from = std::min<std::uint64_t>(offset.value, text_.size());
    const auto rest = std::as_bytes(std::span(text_)).subspan(from);
    const std::size_t count = std::min(rest.size(), bytes.size());
    std::ranges::copy(rest.first(count), bytes.begin());
    return count;
}

std::size_t FileBody::read(ByteOffset offset, std::span<std::byte> bytes) const {
    const std::uint64_t rest = length_.value - std::min(offset.value, length_.value);
    const std::size_t wanted = std::min<std::uint64_t>(rest, bytes.size());
    ssize_t count = 0;
    do {
        count = ::pread(file_, bytes.data(), wanted, static_cast<off_t>(at_.value + offset.value));
    } while (count < 0 && errno == EINTR);
    return count < 0 ? 0 : static_cast<std::size_t>(count);
}

std::string sha256_of(const Body& body) {
    const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> state(
        EVP_MD_CTX_new(), &EVP_MD_CTX_free
    );
    SLUICE_ASSERT(state && EVP_DigestInit_ex(state.get(), EVP_sha256(), nullptr) == 1);
    std::vector<std::byte> piece(std::min<std::uint64_t>(body.length().value, 256 * 1024));
    for (std::uint64_t at = 0; at < body.length().value;) {
        const std::size_t count = body.read({at}, piece);
        if (count == 0) {
            return {};
        }
        EVP_DigestUpdate(state.get(), piece.data(), count);
        at += count;
    }
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 0;
    EVP_DigestFinal_ex(state.get(), reinterpret_cast<unsigned char*>(digest.data()), &length);
    digest.resize(length);
    return hex_of(digest);
}

}  // namespace sluice::s3
