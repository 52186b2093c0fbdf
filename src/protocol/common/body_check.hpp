// What vouches for the bytes of one request's body, whatever the protocol calls it: a digest that came
// beside them. One request's coroutine and the thread that works for it.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.hpp"

namespace sluice::protocol {

class BodyCheck {
  public:
    virtual ~BodyCheck() = default;
    // Whether bytes are kept only after verify(): all of them, or none.
    virtual bool holds_back() const { return true; }
    virtual void update(std::span<const std::byte> bytes) = 0;
    // Once, at the end. Errors: checksum_mismatch.
    virtual Result<void> verify() = 0;
};

}  // namespace sluice::protocol
