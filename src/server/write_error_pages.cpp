// Writes a Markdown page per error code into a folder, or with --check compares what is there: the
// pages in docs/errors/ are generated from the catalogue and may not differ from it. A page of a
// code that the catalogue does not have is removed, or complained of.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "server/error_pages.hpp"

namespace {

namespace fs = std::filesystem;

bool is_current(const fs::path& path, const std::string& page) {
    std::ifstream file(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(file), {}) == page;
}

bool is_of_no_code(const fs::path& path) {
    return path.extension() == ".md" && sluice::find_error(path.stem().string()) == nullptr;
}

void write(const fs::path& folder) {
    for (const auto& entry : sluice::error_catalogue()) {
        const auto path = folder / (std::string(entry.slug) + ".md");
        std::ofstream(path, std::ios::binary) << sluice::server::error_page(entry);
    }
    for (const auto& found : fs::directory_iterator(folder)) {
        if (is_of_no_code(found.path())) {
            fs::remove(found.path());
        }
    }
}

bool complain(const fs::path& path, const char* what) {
    std::fprintf(stderr, "%s %s; run: make docs\n", path.c_str(), what);
    return false;
}

bool check(const fs::path& folder) {
    bool all_current = true;
    for (const auto& entry : sluice::error_catalogue()) {
        const auto path = folder / (std::string(entry.slug) + ".md");
        if (!is_current(path, sluice::server::error_page(entry))) {
            all_current = complain(path, "is not what the catalogue says");
        }
    }
    for (const auto& found : fs::directory_iterator(folder)) {
        if (is_of_no_code(found.path())) {
            all_current = complain(found.path(), "is of no code");
        }
    }
    return all_current;
}

}  // namespace

int main(int argc, char** argv) {
    const bool only_checks = argc == 3 && std::string(argv[1]) == "--check";
    if (argc != 2 && !only_checks) {
        std::fprintf(stderr, "usage: write_error_pages [--check] FOLDER\n");
        return 2;
    }
    const fs::path folder = argv[argc - 1];
    if (!only_checks) {
        write(folder);
        return 0;
    }
    return check(folder) ? 0 : 1;
}
