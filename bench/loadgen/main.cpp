// loadgen: sends uploads or status queries to a server on loopback, and prints what that took and
// what it cost the server. How it is used: options.cpp. Never a part of the product.
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "loadgen/run.hpp"

namespace {

using namespace sluice::bench;

void take_all_descriptors() {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

bool run_mode(Run& run, Measured& measured) {
    if (run.options.mode == "status") {
        return run_status(run, measured);
    }
    return run.options.mode == "hold" ? run_hold(run, measured) : run_upload(run, measured);
}

}  // namespace

int main(int argc, char** argv) {
    try {
        ::signal(SIGPIPE, SIG_IGN);
        take_all_descriptors();
        const Options options = options_of(argc, argv);
        Run run(options);
        Measured measured;
        const bool is_whole = run_mode(run, measured);
        std::printf("%s\n", result_json(run, measured).c_str());
        return is_whole && run.counts.errors.empty() ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "loadgen: %s\n", error.what());
        return 1;
    }
}
