#include "protocol/rufh/digests.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/base64.hpp"
#include "base/hmac.hpp"
#include "base/text.hpp"

namespace sluice::protocol::rufh {
namespace {

struct Algorithm {
    std::string_view name;
    std::size_t digest_bytes;
    const EVP_MD* (*make)();
};

constexpr std::array algorithms{
    Algorithm{"sha-256", 32, EVP_sha256},
    Algorithm{"sha-512", 64, EVP_sha512},
};

const Algorithm* algorithm_named(std::string_view name) {
    const auto* const found = std::ranges::find(algorithms, name, &Algorithm::name);
    return found == algorithms.end() ? nullptr : found;
}

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

struct Free {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

struct Digests::One {
    explicit One(const Algorithm& made, std::string expected = {})
        : algorithm(&made), wanted(std::move(expected)), context(EVP_MD_CTX_new()) {
        EVP_DigestInit_ex(context.get(), made.make(), nullptr);
    }

    const Algorithm* algorithm;
    std::string wanted;  // in base64; empty: to be told
    std::unique_ptr<EVP_MD_CTX, Free> context;
};

Digests::Digests() = default;
Digests::~Digests() = default;

Result<std::unique_ptr<Digests>> Digests::parse(std::string_view field) {
    auto digests = std::unique_ptr<Digests>(new Digests);
    for (const auto& [name, value] : members_of(field)) {
        const auto* algorithm = algorithm_named(name);
        if (algorithm == nullptr) {
            continue;
        }
        const bool is_bytes = value.size() >= 2 && value.front() == ':' && value.back() == ':';
        const auto base64 = is_bytes ? value.substr(1, value.size() - 2) : std::string_view();
        const auto bytes = base64_decoded_strictly(base64);
        if (!bytes || bytes->size() != algorithm->digest_bytes) {
            return Error{
                .code = ErrorCode::checksum_invalid,
                .facts = "\"" + printable(value) + "\" is not the " +
                         std::to_string(algorithm->digest_bytes) + " bytes of a " +
                         std::string(name) + " in base64 between colons.",
            };
        }
        digests->all_.emplace_back(*algorithm, std::string(base64));
    }
    return digests->all_.empty() ? nullptr : std::move(digests);
}

std::unique_ptr<Digests> Digests::wanted(std::string_view field) {
    const Algorithm* best = nullptr;
    std::uint64_t best_weight = 0;
    for (const auto& [name, value] : members_of(field)) {
        const auto weight = parse_unsigned(value).value_or(0);
        const auto* algorithm = algorithm_named(name);
        if (algorithm != nullptr && weight > best_weight) {
            best = algorithm;
            best_weight = weight;
        }
    }
    if (best == nullptr) {
        return nullptr;
    }
    auto digests = std::unique_ptr<Digests>(new Digests);
    digests->all_.emplace_back(*best);
    return digests;
}

void Digests::update(std::span<const std::byte> bytes) {
    for (const One& one : all_) {
        EVP_DigestUpdate(one.context.get(), bytes.data(), bytes.size());
    }
}

Result<void> Digests::verify() {
    Result<void> outcome = ok();
    for (const One& one : all_) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
        unsigned length = 0;
        EVP_DigestFinal_ex(one.context.get(), bytes.data(), &length);
        const auto came =
            base64_of(std::string_view(reinterpret_cast<const char*>(bytes.data()), length));
        const std::string name(one.algorithm->name);
        told_ += (told_.empty() ? "" : ", ") + name + "=:" + came + ":";
        if (outcome && !one.wanted.empty() && came != one.wanted) {
            outcome = Error{
                .code = ErrorCode::checksum_mismatch,
                .facts = name + " of the bytes that came is " + came + ", the request says " +
                         one.wanted + ".",
            };
        }
    }
    return outcome;
}

}  // namespace sluice::protocol::rufh
