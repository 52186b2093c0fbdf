// Before the first job: does the sandbox hold on this machine? A worker tries it from inside.
// Blocking.
#pragma once

#include <string>

#include "base/result.hpp"
#include "media/sandbox_facts.hpp"

namespace sluice {

// Starts the worker program for the test alone; leaves a file in the folder (made if missing) and
// takes it away. Errors: internal, if the worker could not be started or did not answer.
Result<SandboxFacts> check_sandbox(const std::string& worker, const std::string& folder);

}  // namespace sluice
