// yardstick: the least server that takes uploads of X's form and stores them, on loopback, so that
// a real one can be held against what the machine can do. No checks, no limits, no state that would
// survive it, and no deadlines: never a server to use.
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "yardstick/engines.hpp"
#include "yardstick/store.hpp"

namespace {

using namespace sluice::yardstick;

[[noreturn]] void refuse() {
    std::fputs(
        "usage: yardstick --dir DIR [--port N] [--way sink|cached|direct|packed] [--sync] "
        "[--buffer KIB]\n"
        "  --sync         fdatasync at FINALIZE (packed: one for all that wait)\n"
        "  --buffer KIB   what is moved at once: 256, or 512 for direct and packed\n"
        "Prints `yardstick ready http://127.0.0.1:PORT`, and ends by itself after half an hour.\n",
        stderr
    );
    std::exit(2);
}

Options options_of(int count, char** arguments) {
    const std::map<std::string, Way> ways = {
        {"sink", Way::sink},
        {"cached", Way::cached},
        {"direct", Way::direct},
        {"packed", Way::packed},
    };
    Options options;
    std::size_t kib = 0;
    for (int i = 1; i < count; ++i) {
        const std::string name = arguments[i];
        const std::string value = name != "--sync" && i + 1 < count ? arguments[++i] : "";
        if (name == "--sync") {
            options.is_syncing = true;
        } else if (name == "--dir") {
            options.folder = value;
        } else if (name == "--port") {
            options.port = static_cast<std::uint16_t>(std::atoi(value.c_str()));
        } else if (name == "--buffer") {
            kib = std::strtoull(value.c_str(), nullptr, 10);
        } else if (name == "--way" && ways.contains(value)) {
            options.way = ways.at(value);
        } else {
            refuse();
        }
    }
    const bool is_large = options.way == Way::direct || options.way == Way::packed;
    options.buffer = (kib != 0 ? kib : is_large ? 512 : 256) << 10;
    if (options.folder.empty()) {
        refuse();
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    ::signal(SIGPIPE, SIG_IGN);
    ::alarm(1800);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    const Options options = options_of(argc, argv);
    Store store(options);
    if (options.way == Way::direct || options.way == Way::packed) {
        run_uring(options, store);
    }
    run_epoll(options, store);
}
