// What is sent in the body of a request: bytes of a known length that can be read again, since a
// request may have to be repeated. Read by the transport's thread while the caller waits.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace sluice::s3 {

class Body {
  public:
    virtual ~Body() = default;
    virtual ByteCount length() const = 0;
    // Fills `bytes` from `offset`, as far as there are any; how many, 0 at the end or if they cannot
    // be read.
    virtual std::size_t read(ByteOffset offset, std::span<std::byte> bytes) const = 0;
};

class TextBody final : public Body {
  public:
    // The text outlives the body.
    explicit TextBody(std::string_view text) : text_(text) {}
    ByteCount length() const override { return {text_.size()}; }
    std::size_t read(ByteOffset offset, std::span<std::byte> bytes) const override;

  private:
    std::string_view text_;
};

// A range of an open file, which outlives it.
class FileBody final : public Body {
  public:
    FileBody(int file, ByteOffset at, ByteCount length) : file_(file), at_(at), length_(length) {}
    ByteCount length() const override { return length_; }
    std::size_t read(ByteOffset offset, std::span<std::byte> bytes) const override;

  private:
    int file_;
    ByteOffset at_;
    ByteCount length_;
};

// Lower-case hexadecimal SHA-256 of all of it; empty if it could not be read.
std::string sha256_of(const Body& body);

}  // namespace sluice::s3
