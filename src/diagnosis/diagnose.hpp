// The one diagnosis engine: from what was called and answered to what went wrong. Pure. Used by the
// native API on an upload's timeline and by `sluice diagnose` on recordings, also of the real X,
// whose answers often name no cause: then it is inferred from the sequence of calls.
#pragma once

#include <vector>

#include "diagnosis/trace.hpp"
#include "diagnosis/verdict.hpp"

namespace sluice::diagnosis {

// At least one; the true cause first, then what else may be at fault or deserves a word.
std::vector<Verdict> diagnose(const Trace& trace);

}  // namespace sluice::diagnosis
