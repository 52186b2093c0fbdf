#include "runtime/log_outlet.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

#include "base/assert.hpp"
#include "base/log.hpp"
#include "base/unique_fd.hpp"

namespace sluice::runtime {
namespace {

struct Pipe {
    Pipe() {
        std::array<int, 2> ends{};
        EXPECT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
        reader = UniqueFd(ends[0]);
        writer = UniqueFd(ends[1]);
    }
    // Until nothing comes any more.
    std::string read_all() {
        writer = UniqueFd();
        std::string text;
        std::array<char, 64 * 1024> piece{};
        for (ssize_t count = 1; count > 0;) {
            count = ::read(reader.get(), piece.data(), piece.size());
            text.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        }
        return text;
    }
    UniqueFd reader;
    UniqueFd writer;
};

std::string numbered(int number) {
    return std::to_string(number) + std::string(90, '.') + "\n";
}

TEST(LogOutlet, WritesAllInTheOrderInWhichItCame) {
    Pipe pipe;
    std::string expected;
    {
        LogOutlet outlet(pipe.writer.get());
        for (int i = 0; i < 500; ++i) {
            outlet.take(numbered(i));
            expected += numbered(i);
        }
    }
    EXPECT_EQ(pipe.read_all(), expected);
}

// Until the reader of the pipe has seen `last`.
std::string read_until(int reader, std::string_view last) {
    std::string text;
    std::array<char, 1024> piece{};
    for (ssize_t count = 1; count > 0;) {
        count = ::read(reader, piece.data(), piece.size());
        const auto seen = text.size() - std::min(text.size(), last.size());
        text.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        if (text.find(last, seen) != std::string::npos) {
            break;
        }
    }
    return text;
}

std::int64_t lost_in(std::string_view text) {
    constexpr std::string_view event = R"("event":"log_lines_lost","lines":)";
    std::int64_t lost = 0;
    for (auto at = text.find(event); at != std::string_view::npos; at = text.find(event, at + 1)) {
        lost += std::atoll(text.data() + at + event.size());
    }
    return lost;
}

std::int64_t numbered_in(std::string_view text) {
    return std::ranges::count(text, '\n') - (text.contains("log_lines_lost") ? 1 : 0);
}

TEST(LogOutlet, KeepsNobodyWaitingThoughNobodyReadsAndSaysWhatWasLost) {
    Pipe pipe;
    std::string taken;
    constexpr int many = 100'000;  // 9 MB: more than a pipe and the outlet hold
    {
        LogOutlet outlet(pipe.writer.get());
        for (int i = 0; i < many; ++i) {
            outlet.take(numbered(i));
        }
        outlet.take("grave\n", true);
        taken = read_until(pipe.reader.get(), "\ngrave\n");
    }
    taken += pipe.read_all();
    EXPECT_TRUE(taken.starts_with(numbered(0) + numbered(1)));
    EXPECT_TRUE(taken.contains("\ngrave\n")) << "there is room for warnings and errors";
    EXPECT_LT(taken.size(), LogOutlet::waiting_max * 2);
    EXPECT_GT(lost_in(taken), 0);
    EXPECT_EQ(numbered_in(taken) + lost_in(taken), many + 1);
}

TEST(LogOutlet, ItsEndDoesNotWaitForLongForWhoDoesNotRead) {
    const Pipe pipe;
    const auto begin = std::chrono::steady_clock::now();
    {
        LogOutlet outlet(pipe.writer.get());
        for (int i = 0; i < 10'000; ++i) {
            outlet.take(numbered(i));
        }
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3 * LogOutlet::patience);
}

TEST(LogOutlet, APipeThatTakesLittleAtOnceLosesNothing) {
    Pipe pipe;
    ASSERT_GE(::fcntl(pipe.writer.get(), F_SETPIPE_SZ, 4096), 4096);
    ASSERT_EQ(::fcntl(pipe.writer.get(), F_SETFL, O_NONBLOCK), 0);
    std::string expected;
    std::string taken;
    {
        LogOutlet outlet(pipe.writer.get());
        for (int i = 0; i < 500; ++i) {
            // Some longer than what the pipe holds: they are written in parts.
            const std::string line = i % 50 == 7 ? std::string(20'000, 'x') + "\n" : numbered(i);
            outlet.take(line);
            expected += line;
        }
        outlet.take("last\n");
        taken = read_until(pipe.reader.get(), "last\n");
    }
    EXPECT_EQ(taken, expected + "last\n");
}

TEST(LogOutlet, SaysLaterHowManyLinesAFullDiskDidNotTake) {
    std::array<char, 32> name{"/tmp/log_outlet_test.XXXXXX"};
    const UniqueFd file(::mkostemp(name.data(), O_CLOEXEC | O_APPEND));
    ASSERT_GE(file.get(), 0);
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit usual{};
    ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &usual), 0);
    const rlimit small{.rlim_cur = 150, .rlim_max = usual.rlim_max};
    {
        LogOutlet outlet(file.get());
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
        outlet.take(numbered(1) + numbered(2) + numbered(3));
        outlet.settle();
        ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &usual), 0);
        outlet.take("after\n");
    }
    std::array<char, 1024> text{};
    const auto length = ::pread(file.get(), text.data(), text.size(), 0);
    ::unlink(name.data());
    const std::string_view taken(
        text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))
    );
    EXPECT_TRUE(taken.starts_with(numbered(1)));
    EXPECT_TRUE(taken.contains("\nafter\n")) << "a line of its own";
    EXPECT_EQ(lost_in(taken), 2);
}

TEST(LogOutlet, AReaderWhoIsGoneEndsNothing) {
    Pipe pipe;
    pipe.reader = UniqueFd();
    LogOutlet outlet(pipe.writer.get());
    outlet.take("nobody\n");
    outlet.settle();
}

TEST(LogOutlet, SettleWaitsUntilAllIsOutAndNotForever) {
    Pipe pipe;
    LogOutlet outlet(pipe.writer.get());
    outlet.take("now\n", true);
    outlet.settle();
    std::array<char, 16> piece{};
    ASSERT_EQ(::fcntl(pipe.reader.get(), F_SETFL, O_NONBLOCK), 0);
    EXPECT_EQ(::read(pipe.reader.get(), piece.data(), piece.size()), 4);
    for (int i = 0; i < 1000; ++i) {
        outlet.take(numbered(i));  // more than the pipe holds
    }
    const auto begin = std::chrono::steady_clock::now();
    outlet.settle();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 3 * LogOutlet::patience);
}

TEST(LogOutlet, AllThatAThreadSaysGoesThereInOrder) {
    Pipe pipe;
    {
        LogOutlet outlet(pipe.writer.get());
        const log::Diverting diverting(outlet);
        std::thread([] {
            const log::Gathering gathering([] {});
            log::info("first", "");
            log::warning("second", "");
            log::info("third", "");
        }).join();
        log::info("stopped", "");
    }
    const std::string text = pipe.read_all();
    EXPECT_LT(text.find("first"), text.find("second"));
    EXPECT_LT(text.find("second"), text.find("third"));
    EXPECT_LT(text.find("third"), text.find("stopped"));
    EXPECT_EQ(std::ranges::count(text, '\n'), 4);
}

TEST(LogOutletDeathTest, TerminateSaysWhyAfterAllThatWasSaid) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            LogOutlet outlet(STDERR_FILENO);
            const log::Diverting diverting(outlet);
            log::info("before", "");
            std::terminate();
        },
        "before(.|\n)*\"event\":\"terminated\""
    );
}

TEST(LogOutletDeathTest, AFailedAssertionIsWrittenAfterAllThatWasSaid) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            LogOutlet outlet(STDERR_FILENO);
            const log::Diverting diverting(outlet);
            const log::Gathering gathering([] {});
            log::info("before", "");
            SLUICE_ASSERT(outlet.patience.count() == 0);
        },
        "before(.|\n)*\"event\":\"assertion_failed\""
    );
}

}  // namespace
}  // namespace sluice::runtime
