// The list of system calls that a decoder may make (seccomp, in the kernel's own filter language).
// What is not on it is answered with an error that libraries know how to live with; what only an
// attack would try ends the process. Made once, installed in the child. Pure but for install().
#pragma once

#include <linux/filter.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice {

enum class FilterKind : std::uint8_t {
    program,  // will execve; which program, the file rules say
    task,     // goes on as it is
};

class SystemCallFilter {
  public:
    explicit SystemCallFilter(FilterKind kind);

    // In the child, after no_new_privs and last of all. System calls only. False: not installed.
    bool install();

    const std::vector<sock_filter>& instructions() const { return code_; }

  private:
    void end_if_attack();
    void judge_opening(long number, unsigned flags_argument);
    void answer_oddities(FilterKind kind);
    void allow_the_rest();

    std::vector<sock_filter> code_;
    std::vector<std::size_t> own_pid_at_;  // instructions that compare with the pid of the child
};

}  // namespace sluice
