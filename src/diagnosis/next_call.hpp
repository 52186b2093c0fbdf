// The call that mends what a verdict names, where there is one that runs as printed. Pure. Within
// diagnosis/ alone.
#pragma once

#include <optional>
#include <string_view>

#include "diagnosis/trace.hpp"
#include "diagnosis/verdict.hpp"

namespace sluice::diagnosis {

std::optional<NextCall> next_call(const Verdict& verdict, const Trace& trace);

// Of the codes that are no errors; empty for others.
std::string_view title_of(std::string_view code);

}  // namespace sluice::diagnosis
