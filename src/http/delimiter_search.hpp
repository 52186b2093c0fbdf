// Finds a multipart delimiter in the bytes of media, which nearly never have one. Looks at 32 places
// at a time for the delimiter's first byte and, so much further on, its last one; where both stand,
// the whole is compared (AVX2). Elsewhere, and where bytes are made of the delimiter's own, memmem.
// Right for all input, and linear. Pure.
#pragma once

#include <string>
#include <string_view>

namespace sluice::http {

class DelimiterSearch {
  public:
    // `what` has at least 4 bytes.
    explicit DelimiterSearch(std::string what);

    const std::string& what() const { return what_; }
    // The first occurrence, or npos.
    std::size_t find_in(std::string_view text) const;

  private:
    const std::string what_;
};

}  // namespace sluice::http
