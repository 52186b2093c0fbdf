// A program that tries to get out, for the tests of the sandbox: escapee KIND ONLY INPUT FOLDER.
#include <string_view>

#include "media/sandbox/attempts.hpp"

int main(int argc, char** argv) {
    using namespace sluice::test;
    if (argc != 5) {
        return 2;
    }
    const std::string_view kind = argv[1];
    const auto attempts = kind == "forbidden" ? forbidden_attempts()
                          : kind == "allowed" ? allowed_attempts()
                                              : deadly_attempts();
    make_attempts({argv[3], argv[4]}, attempts, argv[2]);
    return 0;
}
