#include "protocol/tus/checksum.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <boost/crc.hpp>

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

// "Trailer: Upload-Checksum, X-Other".
bool announces_trailer(const http::Request& request) {
    auto names = request.header("Trailer").value_or("");
    while (!names.empty()) {
        const auto comma = std::min(names.find(','), names.size());
        if (equals_ignoring_case(trim(names.substr(0, comma)), "Upload-Checksum")) {
            return true;
        }
        names.remove_prefix(std::min(comma + 1, names.size()));
    }
    return false;
}

}  // namespace

class Checksum::Sum {
  public:
    explicit Sum(const Algorithm& algorithm) : name_(algorithm.name) {
        if (algorithm.make != nullptr) {
            digest_.reset(EVP_MD_CTX_new());
            EVP_DigestInit_ex(digest_.get(), algorithm.make(), nullptr);
        }
    }

    std::string_view name() const { return name_; }

    void update(std::span<const std::byte> bytes) {
        if (digest_) {
            EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size());
        } else {
            crc_.process_bytes(bytes.data(), bytes.size());
        }
    }

    // Once. In base64.
    std::string end() {
        std::string digest(EVP_MAX_MD_SIZE, '\0');
        unsigned length = 4;
        if (digest_) {
            auto* const bytes = reinterpret_cast<unsigned char*>(digest.data());
            EVP_DigestFinal_ex(digest_.get(), bytes, &length);
        } else {
            for (unsigned i = 0; i < length; ++i) {
                digest[i] = static_cast<char>(crc_.checksum() >> (24 - 8 * i) & 0xffU);
            }
        }
        return base64_of(std::string_view(digest).substr(0, length));
    }

  private:
    struct Free {
        void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
    };

    std::string_view name_;
    std::unique_ptr<EVP_MD_CTX, Free> digest_;  // none for crc32
    boost::crc_32_type crc_;                    // of IEEE 802.3
};

Checksum::Checksum() = default;
Checksum::~Checksum() = default;

Result<Checksum::Wanted> Checksum::parse(std::string_view field) {
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
    return Wanted{std::string(name), std::string(digest)};
}

Result<std::unique_ptr<Checksum>> Checksum::of(
    const http::Request& request, const http::BodyReader& body
) {
    const auto field = request.header("Upload-Checksum");
    const bool has_trailer = announces_trailer(request);
    if (!field && !has_trailer) {
        return std::unique_ptr<Checksum>(nullptr);
    }
    auto checksum = std::unique_ptr<Checksum>(new Checksum());
    if (field) {
        auto wanted = parse(*field);
        if (!wanted) {
            return std::move(wanted).error();
        }
        checksum->wanted_ = *std::move(wanted);
    }
    checksum->trailers_ = has_trailer ? &body : nullptr;
    for (const Algorithm& algorithm : algorithms) {
        if (!checksum->wanted_ || checksum->wanted_->name == algorithm.name) {
            checksum->sums_.push_back(std::make_unique<Sum>(algorithm));
        }
    }
    return checksum;
}

void Checksum::update(std::span<const std::byte> bytes) {
    count_ += bytes.size();
    for (const auto& sum : sums_) {
        sum->update(bytes);
    }
}

Result<void> Checksum::take_trailer() {
    const auto field = trailers_->trailer("Upload-Checksum");
    if (!field && wanted_) {
        return ok();
    }
    if (!field) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Trailer announces an Upload-Checksum behind the body; none came.",
        };
    }
    auto wanted = parse(*field);
    if (!wanted) {
        return std::move(wanted).error();
    }
    if (wanted_ && *wanted_ != *wanted) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Upload-Checksum came before the body and behind it, and they differ.",
        };
    }
    wanted_ = *std::move(wanted);
    return ok();
}

Result<void> Checksum::verify() {
    if (trailers_ != nullptr) {
        if (auto taken = take_trailer(); !taken) {
            return taken;
        }
    }
    const auto sum = std::ranges::find(sums_, wanted_->name, &Sum::name);
    const auto came = (*sum)->end();
    if (came == wanted_->digest) {
        return ok();
    }
    return Error{
        .code = ErrorCode::checksum_mismatch,
        .facts = wanted_->name + " of the " + std::to_string(count_) + " bytes that came is " +
                 came + ", the request says " + wanted_->digest + ".",
    };
}

}  // namespace sluice::protocol::tus
