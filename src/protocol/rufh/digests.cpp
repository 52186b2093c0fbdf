#include "protocol/rufh/digests.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice::protocol::rufh {
namespace {

constexpr std::array algorithms{
    DigestAlgorithm{"sha-256", 32, EVP_sha256},
    DigestAlgorithm{"sha-512", 64, EVP_sha512},
};

struct Member {
    std::string_view name;
    std::string_view value;  // without parameters
};

// The members of a dictionary; a byte sequence has no comma in it.
std::vector<Member> members_of(std::string_view field) {
    std::vector<Member> members;
    while (!field.empty()) {
        const auto text = trim(field.substr(0, field.find(',')));
        field.remove_prefix(std::min(field.find(','), field.size() - 1) + 1);
        const auto equals = text.find('=');
        if (equals != std::string_view::npos) {
            const auto value = text.substr(equals + 1);
            members.push_back({text.substr(0, equals), value.substr(0, value.find(';'))});
        }
    }
    return members;
}

struct Told {
    const DigestAlgorithm* algorithm;
    std::string_view base64;
};

// Of "sha-256=:…:, sha-512=:…:", the known ones. Errors: checksum_invalid.
Result<std::vector<Told>> told_in(std::string_view field) {
    std::vector<Told> all;
    for (const auto& [name, value] : members_of(field)) {
        const auto* const algorithm = algorithm_named(algorithms, name);
        if (algorithm == nullptr) {
            continue;
        }
        const bool is_bytes = value.size() >= 2 && value.front() == ':' && value.back() == ':';
        if (!is_bytes) {
            return Error{
                .code = ErrorCode::checksum_invalid,
                .facts = "\"" + printable(value) + "\" is no " + std::string(name) +
                         ": base64 between colons.",
            };
        }
        const auto base64 = value.substr(1, value.size() - 2);
        if (auto fitting = check_digest(*algorithm, base64); !fitting) {
            return std::move(fitting).error();
        }
        all.push_back({algorithm, base64});
    }
    return all;
}

Error mismatch(const std::string& name, const std::string& came, const std::string& wanted) {
    return {
        .code = ErrorCode::checksum_mismatch,
        .facts = name + " of the bytes that came is " + came + ", the request says " + wanted + ".",
    };
}

}  // namespace

Result<std::unique_ptr<Digests>> Digests::parse(std::string_view field) {
    const auto told = told_in(field);
    if (!told) {
        return told.error();
    }
    if (told->empty()) {
        return nullptr;
    }
    auto digests = std::unique_ptr<Digests>(new Digests);
    for (const auto& [algorithm, base64] : *told) {
        digests->all_.push_back({DigestSum(*algorithm), std::string(base64)});
    }
    return digests;
}

Result<std::unique_ptr<Digests>> Digests::of_content(
    const http::Request& request, const http::BodyReader& body
) {
    auto digests = parse(request.joined("Content-Digest"));
    if (!digests || !announces_trailer(request, "Content-Digest")) {
        return digests;
    }
    auto all = *digests ? *std::move(digests) : std::unique_ptr<Digests>(new Digests);
    all->trailers_ = &body;
    for (const DigestAlgorithm& algorithm : algorithms) {
        if (all->find(algorithm) == all->all_.end()) {
            all->all_.push_back({DigestSum(algorithm), ""});
        }
    }
    return all;
}

std::vector<Digests::One>::iterator Digests::find(const DigestAlgorithm& algorithm) {
    return std::ranges::find(all_, &algorithm, [](const One& one) { return &one.sum.algorithm(); });
}

std::unique_ptr<Digests> Digests::wanted(std::string_view field) {
    const DigestAlgorithm* best = nullptr;
    std::uint64_t best_weight = 0;
    for (const auto& [name, value] : members_of(field)) {
        const auto weight = parse_unsigned(value).value_or(0);
        const auto* const algorithm = algorithm_named(algorithms, name);
        if (algorithm != nullptr && weight > best_weight) {
            best = algorithm;
            best_weight = weight;
        }
    }
    if (best == nullptr) {
        return nullptr;
    }
    auto digests = std::unique_ptr<Digests>(new Digests);
    digests->all_.push_back({DigestSum(*best), ""});
    return digests;
}

void Digests::update(std::span<const std::byte> bytes) {
    for (One& one : all_) {
        one.sum.update(bytes);
    }
}

Result<void> Digests::take_trailer() {
    const auto field = trailers_->trailer("Content-Digest");
    if (!field && std::ranges::all_of(all_, &std::string::empty, &One::wanted)) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "Trailer announces a Content-Digest behind the body; none came.",
        };
    }
    const std::string text = field.value_or("");  // what is told looks into it
    const auto told = told_in(text);
    if (!told) {
        return told.error();
    }
    for (const auto& [algorithm, base64] : *told) {
        if (auto fitting = expect(*algorithm, std::string(base64)); !fitting) {
            return fitting;
        }
    }
    return ok();
}

Result<void> Digests::expect(const DigestAlgorithm& algorithm, const std::string& base64) {
    auto one = find(algorithm);
    if (one == all_.end()) {
        all_.push_back({DigestSum(algorithm), base64});
    } else if (!one->wanted.empty() && one->wanted != base64) {
        return Error{
            .code = ErrorCode::checksum_invalid,
            .facts = "A digest came before the body and behind it, and they differ: " +
                     std::string(algorithm.name) + ".",
        };
    } else {
        one->wanted = base64;
    }
    return ok();
}

Result<void> Digests::also(const Digests& behind) {
    for (const One& one : behind.all_) {
        if (auto fitting = expect(one.sum.algorithm(), one.wanted); !fitting) {
            return fitting;
        }
    }
    return ok();
}

Result<void> Digests::verify() {
    if (trailers_ != nullptr) {
        if (auto taken = take_trailer(); !taken) {
            return taken;
        }
    }
    Result<void> outcome = ok();
    for (One& one : all_) {
        const auto came = one.sum.end();
        const std::string name(one.sum.algorithm().name);
        told_.append(told_.empty() ? "" : ", ").append(name).append("=:").append(came).append(":");
        if (outcome && !one.wanted.empty() && came != one.wanted) {
            outcome = mismatch(name, came, one.wanted);
        }
    }
    return outcome;
}

}  // namespace sluice::protocol::rufh
