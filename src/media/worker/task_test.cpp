// Tasks that go wrong in every way: what the worker makes of it.
#include "media/worker/task.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <thread>
#include <vector>

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr JobId job{5};

class Task : public ::testing::Test {
  protected:
    FailedReport failure_of(const std::function<WorkerReport(const Send&)>& work) {
        const auto report =
            report_of_task(room_, job, work, [this](const WorkerReport&) { ++told_; });
        const auto* failed = std::get_if<FailedReport>(&report);
        EXPECT_NE(failed, nullptr);
        return failed == nullptr ? FailedReport{} : *failed;
    }

    void expect(const FailedReport& report, std::string_view reason, bool may_retry) {
        EXPECT_EQ(report.job, job);
        EXPECT_EQ(report.failure.reason, reason) << report.failure.message;
        EXPECT_EQ(report.may_retry, may_retry);
    }

    TaskRoom room_{
        .input = "",
        .output_folder = "",
        .limits = {.memory_max = 256_MiB, .cpu_max = 1s, .wall_max = 20s},
    };
    int told_ = 0;
};

WorkerReport finished() {
    return DoneReport{.job = job};
}

void write_raw(std::string_view text) {
    EXPECT_EQ(
        ::write(child_report_descriptor, text.data(), text.size()),
        static_cast<ssize_t>(text.size())
    );
}

TEST_F(Task, RelaysProgressAndTheEnd) {
    const auto report = report_of_task(
        room_,
        job,
        [](const Send& send) {
            send(ProgressReport{.job = job, .percent = 3, .step = "resize"});
            return finished();
        },
        [this](const WorkerReport&) { ++told_; }
    );
    EXPECT_EQ(report, finished());
    EXPECT_EQ(told_, 1);
}

TEST_F(Task, ACrashIsAFailureThatMayBeTriedAgain) {
    for (const int signal : {SIGSEGV, SIGABRT, SIGBUS}) {
        expect(
            failure_of([signal](const Send&) {
                ::signal(signal, SIG_DFL);
                ::syscall(SYS_tgkill, ::getpid(), ::gettid(), signal);
                return finished();
            }),
            "WorkerCrashed",
            true
        );
    }
    expect(
        failure_of([](const Send&) {
            ::_exit(0);
            return finished();
        }),
        "WorkerCrashed",
        true
    );
}

TEST_F(Task, AnAttackIsEndedBeforeItReports) {
    expect(
        failure_of([](const Send&) {
            ::syscall(SYS_ptrace, 0, 0, 0, 0);
            return finished();
        }),
        "WorkerCrashed",
        true
    );
}

TEST_F(Task, WhatNeedsTooMuchIsTheMediumsFault) {
#if !__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer)
    expect(
        failure_of([](const Send&) {
            std::vector<std::string> all;
            while (true) {
                all.emplace_back(16UL << 20, 'x');
            }
            return finished();
        }),
        "ResourceLimit",
        false
    );
#endif
    expect(
        failure_of([](const Send&) {
            for (volatile unsigned count = 0;; count = count + 1) {
            }
            return finished();
        }),
        "ResourceLimit",
        false
    );
}

TEST_F(Task, WhatNeverEndsIsEnded) {
    room_.limits.wall_max = 1s;
    expect(
        failure_of([](const Send&) {
            std::this_thread::sleep_for(60s);
            return finished();
        }),
        "Timeout",
        true
    );
}

TEST_F(Task, ReportsThatAreNoneEndTheTask) {
    const auto stranger = encode(WorkerReport(DoneReport{.job = {6}}));
    const auto ours = encode(WorkerReport(finished()));
    for (const auto& text :
         {std::string("hello\n"),
          std::string("{}\n"),
          stranger,
          ours + ours,
          std::string(worker_line_max + 1, 'x'),
          encode(WorkerReport(WorkerHello{.pid = 1, .version = "1"}))}) {
        expect(
            failure_of([&text](const Send&) {
                write_raw(text);
                std::this_thread::sleep_for(10s);
                return finished();
            }),
            "WorkerCrashed",
            true
        );
    }
    EXPECT_EQ(told_, 0);
}

TEST_F(Task, ALongTextIsNoAnswer) {
    const auto text = [](std::size_t size) { return [size] { return std::string(size, 'x'); }; };
    const auto taken = text_of_task(room_, text(task_text_max), {});
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->size(), task_text_max);
    EXPECT_FALSE(text_of_task(room_, text(task_text_max + 1), {}));
}

TEST_F(Task, AWallThatCannotStandMeansNoTask) {
    room_.input = "/nowhere/input";
    expect(failure_of([](const Send&) { return finished(); }), "WorkerCrashed", true);
}

}  // namespace
}  // namespace sluice
