// SIGINT and SIGTERM raise a flag; the second one leaves at once (the state is saved already).
#pragma once

#include "client/transport.hpp"

namespace sluice::cli {

// Installs the handlers; the flag lives as long as the process.
const client::StopFlag& stop_on_signals();

// 130 after SIGINT, 143 after SIGTERM, 0 if none came.
int exit_code_of_signal();

}  // namespace sluice::cli
