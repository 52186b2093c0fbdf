// What the body of an answer says: X's two shapes of errors, v2's problems, media objects, and our
// own members. Within diagnosis/ alone.
#pragma once

#include <string_view>

#include "diagnosis/trace.hpp"

namespace sluice::diagnosis {

// Adds to the call what can be read; a body that is no JSON is kept as text if it is short.
void read_answer(std::string_view body, Call& call);

}  // namespace sluice::diagnosis
