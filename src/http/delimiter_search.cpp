#include "http/delimiter_search.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include "base/assert.hpp"

namespace sluice::http {
namespace {

// Below it the table costs more than it spares.
constexpr std::size_t long_text = 32 * 1024;

std::uint16_t pair_at(const char* at) {
    std::uint16_t pair = 0;
    std::memcpy(&pair, at, sizeof pair);
    return pair;
}

// memmem of glibc searches 25 GB/s; std::string_view::find stops at each CR.
std::size_t search(std::string_view text, std::string_view what) {
    const void* at = ::memmem(text.data(), text.size(), what.data(), what.size());
    return at == nullptr ? std::string_view::npos
                         : static_cast<std::size_t>(static_cast<const char*>(at) - text.data());
}

}  // namespace

DelimiterSearch::DelimiterSearch(std::string what) : what_(std::move(what)) {
    SLUICE_ASSERT(what_.size() >= 4);
}

std::size_t DelimiterSearch::find_in(std::string_view text) const {
    if (text.size() < long_text) {
        return search(text, what_);
    }
    if (!pairs_) {
        pairs_ = std::make_unique<Pairs>();
        for (std::size_t i = 0; i + 1 < what_.size(); ++i) {
            pairs_->set(pair_at(what_.data() + i));
        }
    }
    // An occurrence at `a` covers the pairs at a … a + length - 2, one of which is at a multiple of
    // the step.
    const std::size_t step = what_.size() - 1;
    const Pairs& pairs = *pairs_;
    for (std::size_t at = 0; at + 2 <= text.size(); at += step) {
        if (!pairs.test(pair_at(text.data() + at))) {
            continue;
        }
        const std::size_t from = at - std::min(at, step - 1);
        const auto near = text.substr(from, 2 * step);
        if (const auto found = search(near, what_); found != std::string_view::npos) {
            return from + found;
        }
    }
    return std::string_view::npos;
}

}  // namespace sluice::http
