// Landlock, the kernel's file system walls for one process and what it starts: everything is
// closed but what was opened here. Works for any user, needs no privilege. The rules are made
// before fork, where memory may be allocated; the child only enforces them. Blocking.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "base/unique_fd.hpp"

namespace sluice {

// Version of the kernel's interface; 0: this kernel has none, or it is switched off.
int landlock_version();

class FileRules {
  public:
    // No path is open, no port may be bound or connected to, no abstract socket and no process
    // outside can be reached: as far as the kernel's version knows how. Errors: internal.
    static Result<FileRules> closed();

    // Each opens one path more. Errors: internal, if it is not there.
    Result<void> allow_reading(const std::string& file);
    Result<void> allow_running(const std::string& file);
    Result<void> allow_libraries(const std::string& folder);
    // Files of it can be made, written and read, but neither renamed nor taken away: whoever counts
    // what lies there sees all of it.
    Result<void> allow_writing(const std::string& folder);

    // In the child, after no_new_privs. System calls only. False: not enforced.
    bool enforce() const;

  private:
    FileRules(UniqueFd rules, int version) : rules_(std::move(rules)), version_(version) {}
    Result<void> allow(const std::string& path, std::uint64_t rights);

    UniqueFd rules_;
    int version_;
};

}  // namespace sluice
