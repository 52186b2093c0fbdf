#include "runtime/log_outlet.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <thread>

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

TEST(LogOutlet, KeepsNobodyWaitingThoughNobodyReads) {
    Pipe pipe;
    std::string taken;
    testing::internal::CaptureStderr();
    {
        LogOutlet outlet(pipe.writer.get());
        constexpr int many = 100'000;  // 9 MB: more than a pipe and the outlet hold
        for (int i = 0; i < many; ++i) {
            outlet.take(numbered(i));
        }
        std::array<char, 1024> piece{};
        std::thread reader([&] {
            for (ssize_t count = 1; count > 0 && !taken.contains("last\n");) {
                count = ::read(pipe.reader.get(), piece.data(), piece.size());
                taken.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
            }
        });
        while (true) {  // once it has room again
            const auto before = testing::internal::GetCapturedStderr();
            testing::internal::CaptureStderr();
            if (before.contains("log_lines_lost")) {
                break;
            }
            ::usleep(1000);
        }
        outlet.take("last\n");
        reader.join();
    }
    static_cast<void>(testing::internal::GetCapturedStderr());
    EXPECT_TRUE(taken.starts_with(numbered(0) + numbered(1)));
    EXPECT_LT(taken.size(), LogOutlet::waiting_max + (2 << 20));
    EXPECT_TRUE(taken.ends_with("\nlast\n"));
}

}  // namespace
}  // namespace sluice::runtime
