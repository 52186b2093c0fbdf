// Result<T>: a T, or the Error that explains why there is none. Every expected failure travels this
// way; an exception means a bug or an empty machine. Used by all folders; no threads, no I/O.
#pragma once

#include <expected>
#include <memory>
#include <utility>

#include "base/error.hpp"

namespace sluice {

namespace detail {

// Failures are rare and Errors large: with it on the heap a Result is hardly larger than its value, and
// frames of coroutines, of which thousands wait at once, hold many Results.
class BoxedError {
  public:
    explicit BoxedError(Error error) : error_(std::make_unique<Error>(std::move(error))) {}
    BoxedError(const BoxedError& other) : error_(copy_of(other)) {}
    BoxedError(BoxedError&&) noexcept = default;
    BoxedError& operator=(const BoxedError& other) {
        error_ = copy_of(other);
        return *this;
    }
    BoxedError& operator=(BoxedError&&) noexcept = default;
    ~BoxedError() = default;

    Error& operator*() const { return *error_; }

  private:
    static std::unique_ptr<Error> copy_of(const BoxedError& other) {
        return other.error_ ? std::make_unique<Error>(*other.error_) : nullptr;
    }

    std::unique_ptr<Error> error_;  // null: moved from
};

}  // namespace detail

template <class T>
class [[nodiscard]] Result : public std::expected<T, detail::BoxedError> {
    using Base = std::expected<T, detail::BoxedError>;

  public:
    using Base::Base;
    // An Error may be returned as it is, without the word "unexpected" at every refusal.
    Result(Error error) : Base(std::unexpect, std::move(error)) {}

    // Precondition: it is one, and was not moved away with the Result.
    Error& error() & { return *Base::error(); }
    const Error& error() const& { return *Base::error(); }
    Error&& error() && { return std::move(*Base::error()); }
};

// The one value of a success that has nothing to tell.
inline Result<void> ok() {
    return {};
}

}  // namespace sluice
