// Digests of RFC 9530: of a request's body (Content-Digest), and of the whole file (Repr-Digest,
// Want-Repr-Digest). sha-256 and sha-512; other algorithms are not looked at. One request's coroutine and
// the thread that works for it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "protocol/common/body_check.hpp"

namespace sluice::protocol::rufh {

class Digests final : public BodyCheck {
  public:
    // Of "sha-256=:…:, sha-512=:…:"; null: no algorithm in it is known. Errors: checksum_invalid.
    static Result<std::unique_ptr<Digests>> parse(std::string_view field);
    // To be told: the one that Want-Repr-Digest likes most; null: none that is known.
    static std::unique_ptr<Digests> wanted(std::string_view field);

    ~Digests() override;
    Digests(const Digests&) = delete;
    Digests& operator=(const Digests&) = delete;

    void update(std::span<const std::byte> bytes) override;
    Result<void> verify() override;
    // What was computed, as a field value; once verify() was called.
    const std::string& told() const { return told_; }

  private:
    struct One;
    Digests();

    std::vector<One> all_;
    std::string told_;
};

}  // namespace sluice::protocol::rufh
