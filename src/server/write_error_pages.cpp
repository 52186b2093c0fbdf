// Writes a Markdown page per error code into a folder, or with --check compares what is there: the
// pages in docs/errors/ are generated from the catalogue and may not differ from it.
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "server/error_pages.hpp"

namespace {

bool is_current(const std::string& path, const std::string& page) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {}) == page;
}

}  // namespace

int main(int argc, char** argv) {
    const bool only_checks = argc == 3 && std::string(argv[1]) == "--check";
    if (argc != 2 && !only_checks) {
        std::fprintf(stderr, "usage: write_error_pages [--check] FOLDER\n");
        return 2;
    }
    const std::string folder = argv[argc - 1];
    bool all_current = true;
    for (const auto& entry : sluice::error_catalogue()) {
        const std::string path = folder + "/" + std::string(entry.slug) + ".md";
        const std::string page = sluice::server::error_page(entry);
        if (!only_checks) {
            std::ofstream(path, std::ios::binary) << page;
        } else if (!is_current(path, page)) {
            std::fprintf(
                stderr, "%s is not what the catalogue says; run: make docs\n", path.c_str()
            );
            all_current = false;
        }
    }
    return all_current ? 0 : 1;
}
