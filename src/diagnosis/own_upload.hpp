// Diagnosis of one of our own uploads: its state decides, its timeline says why. Pure. Within
// diagnosis/ alone.
#pragma once

#include "diagnosis/rules.hpp"

namespace sluice::diagnosis {

// Precondition: trace.upload.
Verdicts judge_own(const Trace& trace, const std::vector<Story>& stories);

}  // namespace sluice::diagnosis
