// Finds a multipart delimiter in the bytes of media, which nearly never have one, without looking at
// most of them: any occurrence covers a pair of bytes at every (length - 1)-th place, so only those
// pairs are looked up, independently of each other; where one occurs in the delimiter, the
// neighbourhood is searched. Right for all input; slow only where the input is made of the
// delimiter's own pairs, and then no worse than memmem. Pure.
#pragma once

#include <bitset>
#include <cstddef>
#include <memory>
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
    using Pairs = std::bitset<65'536>;

    const std::string what_;
    // 8 KiB; made at the first long text, so that small forms do not pay for it.
    mutable std::unique_ptr<Pairs> pairs_;
};

}  // namespace sluice::http
