// How many files the process may have open, and how many connections that is good for. Used once, at
// the start.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::server {

// Raises the soft limit to the hard one; gives what holds then.
std::uint64_t raise_open_files();

// Half of what the database, the logs and the workers leave: an upload in mid-body also holds a
// blob. Bounded, so that memory is, whatever the system allows.
std::size_t connections_for(std::uint64_t open_files);

}  // namespace sluice::server
