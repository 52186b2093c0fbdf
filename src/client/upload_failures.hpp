// What an upload ends with besides what the server refused. Pure.
#pragma once

#include "client/answer.hpp"
#include "client/outcome.hpp"

namespace sluice::client {

Failure processing_failure(const Processing& processing);
Failure changed_failure();

// X has one sentence for it, Sluice a code for each way.
bool misses_bytes(const Failure& failure);

}  // namespace sluice::client
