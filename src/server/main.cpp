// The one program: `sluice serve` is the server, everything else is the command line over the
// client.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "cli/cli.hpp"
#include "runtime/log_outlet.hpp"
#include "server/backup_command.hpp"
#include "server/config_command.hpp"
#include "server/fsck_command.hpp"
#include "server/keys_command.hpp"
#include "server/migrate_command.hpp"
#include "server/process_command.hpp"
#include "server/restore_command.hpp"
#include "server/settings.hpp"
#include "server/wiring.hpp"

namespace {

sluice::server::Environment environment_of(char** variables) {
    sluice::server::Environment environment;
    for (; *variables != nullptr; ++variables) {
        const char* equal = std::strchr(*variables, '=');
        if (equal != nullptr) {
            environment.emplace(
                std::string(*variables, static_cast<std::size_t>(equal - *variables)), equal + 1
            );
        }
    }
    return environment;
}

int process(const std::vector<std::string>& words, const sluice::server::Environment&) {
    return sluice::server::process_command(words);
}

int serve(const std::vector<std::string>& arguments) {
    const auto settings = sluice::server::read_settings(arguments, environment_of(environ));
    if (!settings) {
        std::fprintf(stderr, "sluice: %s\n", settings.error().message.c_str());
        std::fprintf(stderr, "  do     sluice serve --help\n");
        return settings.error().is_usage ? 2 : 3;
    }
    if (settings->wants_help) {
        std::fputs(sluice::server::serve_help().c_str(), stdout);
        return 0;
    }
    // Before all threads and after them: "stopped" is the last word, and no thread waits for a reader of stderr.
    sluice::runtime::LogOutlet outlet(STDERR_FILENO);
    const sluice::log::Diverting diverting(outlet);
    return sluice::server::run_server(*settings);
}

// What works on files of this machine; everything else speaks to a server.
struct Command {
    std::string_view name;
    int (*run)(const std::vector<std::string>&, const sluice::server::Environment&);
};

constexpr std::array<Command, 7> commands{
    Command{"keys", sluice::server::keys_command},
    Command{"fsck", sluice::server::fsck_command},
    Command{"migrate", sluice::server::migrate_command},
    Command{"backup", sluice::server::backup_command},
    Command{"restore", sluice::server::restore_command},
    Command{"config", sluice::server::config_command},
    Command{"process", process},
};

}  // namespace

int main(int argc, char** argv) {
    try {
        const std::string_view name = argc > 1 ? argv[1] : "";
        if (name == "serve") {
            return serve({argv + 2, argv + argc});
        }
        const auto command = std::ranges::find(commands, name, &Command::name);
        if (command != commands.end()) {
            return command->run({argv + 2, argv + argc}, environment_of(environ));
        }
        return sluice::cli::run_command(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice: stopped by an unexpected error: %s\n", error.what());
        return 1;
    }
}
