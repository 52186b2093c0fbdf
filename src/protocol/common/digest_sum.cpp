#include "protocol/common/digest_sum.hpp"

#include "base/base64.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice::protocol {

Result<void> check_digest(const DigestAlgorithm& algorithm, std::string_view base64) {
    const auto bytes = base64_decoded_strictly(base64);
    if (bytes && bytes->size() == algorithm.digest_bytes) {
        return ok();
    }
    return Error{
        .code = ErrorCode::checksum_invalid,
        .facts = "\"" + printable(base64) + "\" is not the base64 of the " +
                 std::to_string(algorithm.digest_bytes) + " bytes of a " +
                 std::string(algorithm.name) + ".",
    };
}

bool announces_trailer(const http::Request& request, std::string_view name) {
    const std::string all = request.joined("Trailer");
    std::string_view names = all;
    while (!names.empty()) {
        const auto comma = std::min(names.find(','), names.size());
        if (equals_ignoring_case(trim(names.substr(0, comma)), name)) {
            return true;
        }
        names.remove_prefix(std::min(comma + 1, names.size()));
    }
    return false;
}

DigestSum::DigestSum(const DigestAlgorithm& algorithm) : algorithm_(&algorithm) {
    if (algorithm.make != nullptr) {
        digest_.reset(EVP_MD_CTX_new());
        EVP_DigestInit_ex(digest_.get(), algorithm.make(), nullptr);
    }
}

void DigestSum::update(std::span<const std::byte> bytes) {
    if (digest_) {
        EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size());
    } else {
        crc_.process_bytes(bytes.data(), bytes.size());
    }
}

std::string DigestSum::end() {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned length = 4;
    if (digest_) {
        EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(digest.data()), &length);
    } else {
        for (unsigned i = 0; i < length; ++i) {
            digest[i] = static_cast<char>(crc_.checksum() >> (24 - 8 * i) & 0xffU);
        }
    }
    return base64_of(std::string_view(digest).substr(0, length));
}

}  // namespace sluice::protocol
