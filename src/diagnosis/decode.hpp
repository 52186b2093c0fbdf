// Verdicts from the JSON that encode.hpp writes: what a server answered.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "diagnosis/verdict.hpp"

namespace sluice::diagnosis {

// Nothing if it is no list of verdicts.
std::optional<std::vector<Verdict>> parse_verdicts(std::string_view body);

}  // namespace sluice::diagnosis
