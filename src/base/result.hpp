// Result<T>: a T, or the Error that explains why there is none. Every expected failure travels this
// way; an exception means a bug or an empty machine. Used by all folders; no threads, no I/O.
#pragma once

#include <expected>
#include <utility>

#include "base/error.hpp"

namespace sluice {

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
  public:
    using std::expected<T, Error>::expected;
    // An Error may be returned as it is, without the word "unexpected" at every refusal.
    Result(Error error) : std::expected<T, Error>(std::unexpect, std::move(error)) {}
};

// The one value of a success that has nothing to tell.
inline Result<void> ok() {
    return {};
}

}  // namespace sluice
