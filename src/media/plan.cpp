#include "media/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace sluice {

using namespace std::chrono_literals;

std::string_view name_of(StepKind kind) {
    constexpr std::array<std::string_view, 11> names{
        "probe",
        "copy",
        "check",
        "preview",
        "encode",
        "resize",
        "package",
        "poster",
        "storyboard",
        "verify",
        "publish",
    };
    return names[static_cast<std::size_t>(kind)];
}

double cpu_seconds_of(const std::vector<Step>& steps) {
    double sum = 0;
    for (const auto& step : steps) {
        sum += step.weight;
    }
    return sum;
}

std::optional<ProcessingFailure> check_content(
    const CategoryRule& rule,
    std::string_view declared,
    Container found,
    ByteCount size,
    std::string_view foreign
) {
    if (size.value == 0) {
        return invalid_media("CorruptContainer", "it is empty (0 bytes)");
    }
    if (size > rule.bytes_max) {
        return unsupported_media(
            "FileTooLarge", fmt::format("{} bytes exceed {}", size.value, rule.bytes_max.value)
        );
    }
    const auto claim = declared.empty() ? accepted_types_text(rule) : std::string(declared);
    if (rule.family == Family::text && found == Container::unknown) {
        return std::nullopt;  // whatever it is, it is no picture: its reader tells
    }
    if (found == Container::unknown && !foreign.empty()) {
        return unsupported_media(
            "Container",
            fmt::format(
                "Unsupported format: found {}, accepted are {}", foreign, accepted_types_text(rule)
            )
        );
    }
    if (found == Container::unknown) {
        return invalid_media(
            "CorruptContainer",
            fmt::format("declared {}, but its first bytes are of no known media format", claim)
        );
    }
    if (!may_carry(found, rule.family)) {
        return type_mismatch(claim, facts_of(found).media_type);
    }
    return std::nullopt;
}

std::chrono::milliseconds wall_limit(std::chrono::milliseconds expected, double spread) {
    const double p90 = static_cast<double>(expected.count()) * std::exp(1.28 * std::log(spread));
    const auto limit = std::chrono::milliseconds{static_cast<std::int64_t>(6 * p90)} + 30s;
    return std::min<std::chrono::milliseconds>(limit, 4h);
}

}  // namespace sluice
