// Tries the walls from inside: as a task that goes on in the forked process and as a program that
// was executed, as the user who runs the tests and, if that is root, as nobody too.
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <thread>

#include "base/unique_fd.hpp"
#include "media/sandbox/attempts.hpp"
#include "media/sandbox/child.hpp"

namespace sluice {
namespace {

using namespace literals;
using namespace std::chrono_literals;

constexpr uid_t nobody = 65534;

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

class Folder {
  public:
    Folder() { path_ = ::mkdtemp(path_.data()); }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    const std::string& path() const { return path_; }
    std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }

  private:
    std::string path_ = std::filesystem::temp_directory_path() / "sluice-sandbox-XXXXXX";
};

void write_file(const std::string& path, std::string_view bytes) {
    std::ofstream(path) << bytes;
    std::filesystem::permissions(path, std::filesystem::perms(0600));
}

struct Inside {
    ChildFate fate = ChildFate::exited;
    int number = -1;
    std::string report;
};

enum class Who : std::uint8_t { we, nobody };
enum class What : std::uint8_t { task, program };

// The body runs in another process, as nobody: what it found comes back through a pipe.
Inside as_nobody(const std::function<Inside()>& body) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) {
        return {};
    }
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const pid_t pid = ::fork();
    if (pid == 0) {
        const bool dropped = ::setgroups(0, nullptr) == 0 &&
                             ::setresgid(nobody, nobody, nobody) == 0 &&
                             ::setresuid(nobody, nobody, nobody) == 0;
        const auto inside = dropped ? body() : Inside{};
        const auto text = std::to_string(static_cast<int>(inside.fate)) + " " +
                          std::to_string(inside.number) + "\n" + inside.report;
        const auto written = ::write(write_end.get(), text.data(), text.size());
        ::_exit(written > 0 ? 0 : 1);
    }
    write_end.reset();
    std::string text;
    char buffer[4096];
    for (ssize_t count = 0; (count = ::read(read_end.get(), buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(count));
    }
    ::waitpid(pid, nullptr, 0);
    std::istringstream words(text);
    int fate = 0;
    Inside inside;
    words >> fate >> inside.number;
    inside.fate = static_cast<ChildFate>(fate);
    inside.report = text.substr(std::min(text.find('\n') + 1, text.size()));
    return inside;
}

class Behind : public ::testing::TestWithParam<std::pair<Who, What>> {
  protected:
    void SetUp() override {
        if (is_nobody() && ::geteuid() != 0) {
            GTEST_SKIP() << "only root can become somebody else";
        }
        ::mkdir(room_.output_folder.c_str(), 0700);
        write_file(room_.input, "the input");
        write_file(room_.input + ".neighbour", "of somebody else");
        std::filesystem::copy_file(SLUICE_ESCAPEE_PATH, program_);
        if (is_nobody()) {
            const auto neighbour = room_.input + ".neighbour";
            for (const auto& path :
                 {folder_.path(), room_.input, neighbour, room_.output_folder, program_}) {
                ASSERT_EQ(::chown(path.c_str(), nobody, nobody), 0);
            }
        }
    }

    static bool is_nobody() { return GetParam().first == Who::nobody; }
    static bool is_program() { return GetParam().second == What::program; }

    Inside run(
        std::string_view kind, std::string_view only = "", const std::function<int()>& other = {}
    ) {
        const auto here = [&] { return run_here(kind, only, other); };
        return is_nobody() ? as_nobody(here) : here();
    }

    // name -> errno
    std::map<std::string, int> outcomes_of(const Inside& inside) {
        std::map<std::string, int> outcomes;
        std::istringstream lines(inside.report);
        for (std::string line; std::getline(lines, line);) {
            const auto at = line.find('=');
            outcomes[line.substr(0, at)] = std::stoi(line.substr(at + 1));
        }
        return outcomes;
    }

    const std::string& output_folder() const { return room_.output_folder; }

    Walls walls_ = Walls::all;
    std::chrono::milliseconds wall_max_ = 20s;

  private:
    Inside run_here(
        std::string_view kind, std::string_view only, const std::function<int()>& other
    ) {
        const SandboxRoom room{
            is_program() && !other ? program_ : "", room_.input, room_.output_folder
        };
        auto sandbox = Sandbox::prepare(
            room, {.memory_max = 1_GiB, .file_bytes_max = 1_MiB, .cpu_max = 1s}, walls_
        );
        if (!sandbox) {
            return {.report = sandbox.error().detail + "=-1\n"};
        }
        Inside inside;
        const ChildWatch watch{
            .wall_max = wall_max_,
            .stall_max = wall_max_,
            .output_folder = room_.output_folder,
            .output_bytes_max = 3_MiB,
            .on_report =
                [&](std::string_view bytes) {
                    inside.report += bytes;
                    return Heard::progress;
                },
            .on_tick = {},
        };
        const auto body = other ? other : body_of(kind, only);
        const auto end = run_behind_walls(*std::move(sandbox), body, watch);
        if (end) {
            inside.fate = end->fate;
            inside.number = end->number;
        }
        return inside;
    }

    std::function<int()> body_of(std::string_view kind, std::string_view only) {
        if (!is_program()) {
            return [this, kind, only] {
                test::make_attempts(room_, attempts_of(kind), only);
                return 0;
            };
        }
        return
            [this,
             arguments = std::vector<std::string>{
                 "escapee", std::string(kind), std::string(only), room_.input, room_.output_folder
             }] {
                std::vector<char*> pointers;
                for (const auto& argument : arguments) {
                    pointers.push_back(const_cast<char*>(argument.c_str()));
                }
                pointers.push_back(nullptr);
                char* const nothing[] = {nullptr};
                ::execve(program_.c_str(), pointers.data(), nothing);
                return child_exit_not_started;
            };
    }

    static std::span<const test::Attempt> attempts_of(std::string_view kind) {
        if (kind == "forbidden") {
            return test::forbidden_attempts();
        }
        return kind == "allowed" ? test::allowed_attempts() : test::deadly_attempts();
    }

    Folder folder_;
    test::Room room_{folder_ / "input", folder_ / "out"};
    std::string program_ = folder_ / "escapee";
};

TEST_P(Behind, EveryForbiddenAttemptFails) {
    const auto inside = run("forbidden");
    EXPECT_EQ(inside.fate, ChildFate::exited);
    const auto outcomes = outcomes_of(inside);
    EXPECT_EQ(outcomes.size(), test::forbidden_attempts().size()) << inside.report;
    for (const auto& [name, error] : outcomes) {
        // The memory of a sanitizer counts as data, so that its builds have no limit.
        EXPECT_TRUE(error > 0 || (is_sanitized && name == "have too much memory")) << name;
    }
}

TEST_P(Behind, WhatADecoderNeedsIsThere) {
    const auto outcomes = outcomes_of(run("allowed"));
    EXPECT_EQ(outcomes.size(), test::allowed_attempts().size());
    for (const auto& [name, error] : outcomes) {
        EXPECT_EQ(error, 0) << name;
    }
}

TEST_P(Behind, WhatOnlyAnAttackTriesEndsTheProcess) {
    for (const auto& attempt : test::deadly_attempts()) {
        const auto inside = run("deadly", attempt.name);
        EXPECT_EQ(inside.fate, ChildFate::signalled) << attempt.name << ": " << inside.report;
        EXPECT_EQ(inside.number, SIGSYS) << attempt.name;
    }
}

TEST_P(Behind, TheAttemptsAreRealOnes) {
    walls_ = Walls::limits_only;
    for (const auto* name :
         {"read /etc/passwd",
          "list the root folder",
          "read a neighbour",
          "link to a file outside",
          "reach a host",
          "send a datagram",
          "reach a neighbour",
          "fork",
          "signal its parent",
          "open up the input"}) {
        const auto outcomes = outcomes_of(run("forbidden", name));
        ASSERT_FALSE(outcomes.empty()) << name;
        EXPECT_EQ(outcomes.begin()->second, 0) << name;
    }
}

TEST_P(Behind, TooMuchProcessorTimeEndsIt) {
    const auto inside = run("", "", [] {
        for (volatile unsigned count = 0;; count = count + 1) {
        }
        return 0;
    });
    EXPECT_EQ(inside.fate, ChildFate::signalled);
    EXPECT_EQ(inside.number, SIGXCPU);
}

TEST_P(Behind, TooMuchTimeEndsIt) {
    wall_max_ = 300ms;
    const auto inside = run("", "", [] {
        std::this_thread::sleep_for(60s);
        return 0;
    });
    EXPECT_EQ(inside.fate, ChildFate::timed_out);
}

TEST_P(Behind, ManyFilesAreNoWayAroundTheLimitOfOne) {
    const auto inside = run("", "", [this] {
        const std::vector<char> bytes(1U << 20);
        const auto folder = output_folder();
        for (int number = 0; number < 8; ++number) {
            std::ofstream(folder + "/" + std::to_string(number)).write(bytes.data(), 1L << 20);
        }
        std::this_thread::sleep_for(20s);
        return 0;
    });
    EXPECT_EQ(inside.fate, ChildFate::overfull);
}

TEST_P(Behind, ThousandsOfThreadsEndIt) {
    const auto inside = run("", "", [] {
        pthread_attr_t small{};
        ::pthread_attr_init(&small);
        ::pthread_attr_setstacksize(&small, 64UL << 10);
        const auto rest = [](void*) -> void* {
            std::this_thread::sleep_for(20s);
            return nullptr;
        };
        for (int number = 0; number < 1100; ++number) {
            pthread_t thread{};
            ::pthread_create(&thread, &small, rest, nullptr);
        }
        std::this_thread::sleep_for(20s);
        return 0;
    });
    EXPECT_EQ(inside.fate, ChildFate::crowded);
}

INSTANTIATE_TEST_SUITE_P(
    Sandbox,
    Behind,
    ::testing::Values(
        std::pair{Who::we, What::task},
        std::pair{Who::we, What::program},
        std::pair{Who::nobody, What::task},
        std::pair{Who::nobody, What::program}
    ),
    [](const auto& info) {
        return std::string(info.param.first == Who::we ? "We" : "Nobody") +
               (info.param.second == What::task ? "Task" : "Program");
    }
);

TEST(Sandbox, WhatIsNotThereIsNamedBeforeAnythingStarts) {
    const auto sandbox = Sandbox::prepare(
        {"", "/nowhere/input", ""},
        {.memory_max = 1_GiB, .file_bytes_max = 1_MiB, .cpu_max = 1s},
        Walls::all
    );
    ASSERT_FALSE(sandbox);
    EXPECT_NE(sandbox.error().detail.find("/nowhere/input"), std::string::npos);
}

}  // namespace
}  // namespace sluice
