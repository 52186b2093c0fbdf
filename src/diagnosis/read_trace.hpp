// Recordings become traces: a HAR file (1.2), what `curl -v` and `curl --trace-ascii -` print (with
// command lines and answers between), and the timeline of our native API. Nothing in them is
// trusted; credentials are dropped while reading. Pure.
//
// Errors: parameter_invalid, with facts that say what was expected and what came.
#pragma once

#include <string_view>

#include "base/result.hpp"
#include "diagnosis/trace.hpp"

namespace sluice::diagnosis {

// Larger recordings are refused; media bytes need not be in them. Of a HAR file, which browsers fill
// with the bodies of all that a page loads, only the calls are kept in memory beside its text.
inline constexpr std::size_t recording_bytes_max = 64U << 20;
inline constexpr std::size_t har_bytes_max = 256U << 20;
inline constexpr std::size_t recorded_calls_max = 100'000;

// Tells by its beginning what it is.
Result<Trace> read_trace(std::string_view text);

Result<Trace> read_har(std::string_view text);
Result<Trace> read_curl(std::string_view text);
// {"data":[{"call":…}]}, or one such event per line.
Result<Trace> read_timeline(std::string_view text);

}  // namespace sluice::diagnosis
