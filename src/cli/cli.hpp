// The command line over the client: upload, status, list, delete, ping, version, help. `serve` is
// the server's and is only named here, so that help and suggestions know it. run_command is for
// main; tests call run with streams of their own. Not for use from several threads: run_command
// takes SIGINT and SIGTERM for the process.
#pragma once

#include <functional>
#include <iosfwd>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "client/timer.hpp"
#include "client/transport.hpp"

namespace sluice::cli {

// What a command sees of the process it runs in.
struct Console {
    std::ostream& out;
    std::ostream& err;
    std::istream& in;
    bool in_is_tty = false;
    bool err_is_tty = false;
    std::function<std::optional<std::string>(const std::string&)> variable;
    const client::StopFlag& stop;
    client::HttpTransport& transport;
    client::Timer& timer;
};

// argv[1] is the command. Returns the exit code.
int run_command(int argc, char** argv);

// `words` without the program's name.
int run(const std::vector<std::string>& words, Console& console);

// Every command of the program, with `serve`.
std::span<const std::string_view> known_commands();

}  // namespace sluice::cli
