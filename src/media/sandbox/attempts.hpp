// What somebody would try who has taken over a decoder, for the tests of the sandbox: each attempt
// is made with system calls and tells how it ended.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::test {

// Where the attempts are made.
struct Room {
    std::string input;
    std::string output_folder;
};

struct Attempt {
    std::string_view name;
    int (*run)(const Room&);  // 0: it succeeded; else the errno
};

// Those that must fail behind walls, and those that must not.
std::span<const Attempt> forbidden_attempts();
std::span<const Attempt> allowed_attempts();
// Each ends the process behind walls.
std::span<const Attempt> deadly_attempts();

// Makes the attempts whose name begins so, all for "", and writes "name errno\n" of each to
// descriptor 3.
void make_attempts(const Room& room, std::span<const Attempt> attempts, std::string_view only);

}  // namespace sluice::test
