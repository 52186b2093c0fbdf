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
#include "http/body_reader.hpp"
#include "http/request.hpp"
#include "protocol/common/body_check.hpp"
#include "protocol/common/digest_sum.hpp"

namespace sluice::protocol::rufh {

class Digests final : public BodyCheck {
  public:
    // Of "sha-256=:…:, sha-512=:…:"; null: no algorithm in it is known. Errors: checksum_invalid.
    static Result<std::unique_ptr<Digests>> parse(std::string_view field);
    // Content-Digest of a request: before the body, or behind it where its field Trailer announces it;
    // which algorithm that one has is known at the end, so all are computed for it. Null: neither is there.
    static Result<std::unique_ptr<Digests>> of_content(
        const http::Request& request, const http::BodyReader& body
    );
    // To be told: the one that Want-Repr-Digest likes most; null: none that is known.
    static std::unique_ptr<Digests> wanted(std::string_view field);

    // What came behind the body counts beside what came before it. Nothing was computed yet. Errors:
    // checksum_invalid, if they differ.
    Result<void> also(const Digests& behind);

    void update(std::span<const std::byte> bytes) override;
    // Errors: also checksum_invalid, of the trailer.
    Result<void> verify() override;
    // What was computed, as a field value; once verify() was called.
    const std::string& told() const { return told_; }

  private:
    struct One {
        DigestSum sum;
        std::string wanted;  // in base64; empty: to be told
    };
    Digests() = default;
    std::vector<One>::iterator find(const DigestAlgorithm& algorithm);
    Result<void> expect(const DigestAlgorithm& algorithm, const std::string& base64);
    Result<void> take_trailer();

    std::vector<One> all_;
    const http::BodyReader* trailers_ = nullptr;  // none is announced
    std::string told_;
};

}  // namespace sluice::protocol::rufh
