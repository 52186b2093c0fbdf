// Runs a fuzz target without libFuzzer: first the corpus, then seeded mutations of it.
//   target CORPUS_FOLDER [MUTATIONS [SEED]]
// On a crash the seed and the number of the mutation are printed; the same arguments give the same
// inputs.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz_target.hpp"

namespace {

constexpr std::size_t input_bytes_max = 32 * 1024;

// For the signal handler only: what was running.
unsigned long current_seed = 0;
unsigned long current_input = 0;

extern "C" void tell_where(int) {
    char text[128];
    const int size = std::snprintf(
        text, sizeof text, "crashed at seed %lu, input %lu\n", current_seed, current_input
    );
    [[maybe_unused]] const auto written =
        ::write(STDERR_FILENO, text, static_cast<std::size_t>(size));
    ::_exit(1);
}

std::vector<std::string> read_corpus(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        paths.push_back(entry.path());
    }
    std::ranges::sort(paths);
    std::vector<std::string> corpus;
    for (const auto& path : paths) {
        std::ifstream file(path, std::ios::binary);
        corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return corpus;
}

class Mutator {
  public:
    Mutator(const std::vector<std::string>& corpus, unsigned long seed)
        : corpus_(corpus), random_(seed) {}

    std::string next() {
        auto input = pick();
        for (auto times = 1 + below(6); times > 0; --times) {
            mutate(input);
        }
        input.resize(std::min(input.size(), input_bytes_max));
        return input;
    }

  private:
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : random_() % bound; }
    const std::string& pick() { return corpus_[below(corpus_.size())]; }

    std::string tail_of(const std::string& text) { return text.substr(below(text.size() + 1)); }

    void mutate(std::string& input) {
        static constexpr char telling[] = "\r\n\0 \t:;,=&%+-\"\\{}[]0\x80\xff";
        const auto at = below(input.size() + 1);
        switch (below(7)) {
            case 0:
                input.insert(at, 1, static_cast<char>(below(256)));
                break;
            case 1:
                input.insert(at, 1, telling[below(sizeof telling - 1)]);
                break;
            case 2:
                input.erase(at, 1 + below(8));
                break;
            case 3:
                input.insert(at, input.substr(below(input.size() + 1), 1 + below(64)));
                break;
            case 4:
                input = input.substr(0, at) + tail_of(pick());
                break;
            case 5:
                input.resize(at);
                break;
            default:
                if (at < input.size()) {
                    input[at] = static_cast<char>(input[at] ^ (1 << below(8)));
                }
        }
    }

    const std::vector<std::string>& corpus_;
    std::mt19937_64 random_;
};

void run(const std::string& input) {
    ++current_input;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s CORPUS_FOLDER [MUTATIONS [SEED]]\n", argv[0]);
        return 2;
    }
    const auto mutations = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 20'000;
    current_seed = argc > 3 ? std::strtoul(argv[3], nullptr, 10) : std::random_device()();
    std::printf("seed %lu\n", current_seed);
    std::fflush(stdout);
    std::signal(SIGABRT, tell_where);
    std::signal(SIGSEGV, tell_where);
    const auto corpus = read_corpus(argv[1]);
    if (corpus.empty()) {
        std::fprintf(stderr, "no corpus in %s\n", argv[1]);
        return 2;
    }
    std::ranges::for_each(corpus, run);
    Mutator mutator(corpus, current_seed);
    for (unsigned long i = 0; i < mutations; ++i) {
        run(mutator.next());
    }
    std::printf("%lu inputs passed\n", current_input);
    return 0;
}
