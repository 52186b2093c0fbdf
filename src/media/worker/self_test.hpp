// Tries the walls from inside, before any medium is decoded: a child that must fail to open a file,
// to make a socket and to make a process. Blocking.
#pragma once

#include <string>

#include "media/sandbox_facts.hpp"

namespace sluice {

// `canary`: a file that this process can read. Whether the worker has left the network the caller
// knows.
SandboxFacts test_walls(const std::string& canary, bool has_left_network);

}  // namespace sluice
