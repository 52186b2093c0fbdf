#include "protocol/tus/checksum.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::protocol::tus {
namespace {

constexpr std::array algorithms{
    DigestAlgorithm{"sha1", 20, EVP_sha1},
    DigestAlgorithm{"sha256", 32, EVP_sha256},
    DigestAlgorithm{"md5", 16, EVP_md5},
    DigestAlgorithm{"crc32", 4, nullptr},
};

}  // namespace

Result<Checksum::Wanted> Checksum::parse(std::string_view field) {
    const auto blank = std::min(field.find(' '), field.size());
    const auto name = field.substr(0, blank);
    const auto digest = trim(field.substr(blank));
    const auto* const algorithm = algorithm_named(algorithms, name);
    if (algorithm == nullptr) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Upload-Checksum names \"" + printable(name) + "\".",
        };
    }
    if (auto fitting = check_digest(*algorithm, digest); !fitting) {
        return std::move(fitting).error();
    }
    return Wanted{std::string(name), std::string(digest)};
}

Result<std::unique_ptr<Checksum>> Checksum::of(
    const http::Request& request, const http::BodyReader& body
) {
    const auto field = request.header("Upload-Checksum");
    const bool has_trailer = announces_trailer(request, "Upload-Checksum");
    if (!field && !has_trailer) {
        return std::unique_ptr<Checksum>(nullptr);
    }
    if (request.count("Upload-Checksum") > 1) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Upload-Checksum came " + std::to_string(request.count("Upload-Checksum")) +
                     " times.",
        };
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
    for (const DigestAlgorithm& algorithm : algorithms) {
        if (!checksum->wanted_ || checksum->wanted_->name == algorithm.name) {
            checksum->sums_.emplace_back(algorithm);
        }
    }
    return checksum;
}

void Checksum::update(std::span<const std::byte> bytes) {
    count_ += bytes.size();
    for (DigestSum& sum : sums_) {
        sum.update(bytes);
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
    const auto sum = std::ranges::find(sums_, wanted_->name, [](const DigestSum& one) {
        return one.algorithm().name;
    });
    const auto came = sum->end();
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
