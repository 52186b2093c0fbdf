// What went wrong, for people: one line with the code, the facts, the next step, where to read
// more. And the exit code.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "client/outcome.hpp"

namespace sluice::cli {

inline constexpr int exit_done = 0;
inline constexpr int exit_other = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_interrupted = 130;

// The table of exit codes (user documentation, "Exit codes").
int exit_code_of(client::FailureKind kind);

// `subject` is the file or id that it is about.
void print_failure(std::ostream& err, std::string_view subject, const client::Failure& failure);

// Prints the sentence and how to get help; returns exit_usage.
int usage_error(std::ostream& err, std::string_view text, std::string_view command);

}  // namespace sluice::cli
