#include "protocol/common/idempotency_key.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::protocol {
namespace {

constexpr std::size_t length_max = 255;

}  // namespace

Result<std::string> idempotency_key_of(const http::Request& request) {
    const auto header = request.header("idempotency-key");
    if (!header) {
        return std::string();
    }
    std::string_view key = trim(*header);
    if (key.size() >= 2 && key.front() == '"' && key.back() == '"') {
        key = key.substr(1, key.size() - 2);
    }
    const bool is_text = std::ranges::all_of(key, [](char c) { return c >= ' ' && c <= '~'; });
    if (key.empty() || key.size() > length_max || !is_text) {
        return Error{
            .code = ErrorCode::parameter_invalid,
            .facts = "The header Idempotency-Key has " + std::to_string(key.size()) +
                     " characters; it must have 1 to " + std::to_string(length_max) +
                     ", all of printable ASCII.",
        };
    }
    return std::string(key);
}

}  // namespace sluice::protocol
