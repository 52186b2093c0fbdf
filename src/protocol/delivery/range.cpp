#include "protocol/delivery/range.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace sluice::protocol::delivery {
namespace {

Error outside(std::string_view field, std::uint64_t size) {
    return {
        .code = ErrorCode::range_not_satisfiable,
        .facts = "Asked for \"" + printable(field) + "\"; the file has " + std::to_string(size) +
                 " bytes.",
    };
}

}  // namespace

Result<std::optional<ByteRange>> parse_range(std::string_view field, std::uint64_t size) {
    using Whole = std::optional<ByteRange>;
    constexpr std::string_view unit = "bytes=";
    const auto dash = field.find('-');
    if (!field.starts_with(unit) || field.find(',') != std::string_view::npos ||
        dash == std::string_view::npos) {
        return Whole{};
    }
    const std::string_view from = trim(field.substr(unit.size(), dash - unit.size()));
    const std::string_view to = trim(field.substr(dash + 1));
    const auto first = parse_unsigned(from);
    const auto last = parse_unsigned(to);
    if ((!from.empty() && !first) || (!to.empty() && !last) || (from.empty() && to.empty())) {
        return Whole{};
    }
    if (from.empty()) {  // the last N bytes
        if (*last == 0 || size == 0) {
            return outside(field, size);
        }
        return Whole{ByteRange{size - std::min(*last, size), size - 1}};
    }
    if (last && *last < *first) {
        return Whole{};  // not a valid range at all: ignored
    }
    if (*first >= size) {
        return outside(field, size);
    }
    return Whole{ByteRange{*first, std::min(last.value_or(size - 1), size - 1)}};
}

}  // namespace sluice::protocol::delivery
