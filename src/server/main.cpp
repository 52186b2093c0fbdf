// The one program: `sluice serve` is the server, everything else is the command line over the
// client.
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "cli/cli.hpp"
#include "server/fsck_command.hpp"
#include "server/keys_command.hpp"
#include "server/migrate_command.hpp"
#include "server/process_command.hpp"
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
    return sluice::server::run_server(*settings);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc > 1 && std::string(argv[1]) == "serve") {
            return serve({argv + 2, argv + argc});
        }
        if (argc > 1 && std::string(argv[1]) == "keys") {
            return sluice::server::keys_command({argv + 2, argv + argc}, environment_of(environ));
        }
        if (argc > 1 && std::string(argv[1]) == "fsck") {
            return sluice::server::fsck_command({argv + 2, argv + argc}, environment_of(environ));
        }
        if (argc > 1 && std::string(argv[1]) == "migrate") {
            return sluice::server::migrate_command(
                {argv + 2, argv + argc}, environment_of(environ)
            );
        }
        if (argc > 1 && std::string(argv[1]) == "process") {
            return sluice::server::process_command({argv + 2, argv + argc});
        }
        return sluice::cli::run_command(argc, argv);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "sluice: stopped by an unexpected error: %s\n", error.what());
        return 1;
    }
}
