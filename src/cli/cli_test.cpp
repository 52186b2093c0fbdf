#include "cli/cli.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "cli/error_text.hpp"
#include "client/fake_x.hpp"

namespace sluice::cli {
namespace {

using client::testing::FakeTimer;
using client::testing::FakeX;

class CliTest : public ::testing::Test {
  protected:
    CliTest()
        : folder_(
              std::filesystem::temp_directory_path() / ("sluice-cli-" + std::to_string(::getpid()))
          ) {
        std::filesystem::create_directories(folder_);
        file_ = folder_ / "clip.mp4";
        std::ofstream(file_) << std::string(1000, 'v');
        variables_["XDG_STATE_HOME"] = folder_;
    }
    ~CliTest() override { std::filesystem::remove_all(folder_); }

    int run(const std::vector<std::string>& words) {
        out_.str("");
        err_.str("");
        auto console = Console{
            .out = out_,
            .err = err_,
            .in = in_,
            .in_is_tty = in_is_tty_,
            .err_is_tty = false,
            .variable = [this](const std::string& name) -> std::optional<std::string> {
                const auto found = variables_.find(name);
                return found == variables_.end() ? std::nullopt : std::optional(found->second);
            },
            .stop = stop_,
            .transport = x_,
            .timer = timer_
        };
        return cli::run(words, console);
    }

    std::string last_line() const {
        auto text = out_.str();
        text.pop_back();
        return text.substr(text.rfind('\n') + 1);
    }

    static bool has(const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    }

    std::filesystem::path folder_;
    std::string file_;
    std::map<std::string, std::string> variables_;
    std::ostringstream out_;
    std::ostringstream err_;
    std::istringstream in_;
    bool in_is_tty_ = false;
    client::StopFlag stop_ = false;
    FakeX x_;
    FakeTimer timer_;
};

TEST_F(CliTest, PrintsTheResultOnStdoutAndWholeLinesOfProgressOnStderr) {
    ASSERT_EQ(run({"upload", file_, "--chunk-size", "250", "--parallel=1"}), 0) << err_.str();
    EXPECT_EQ(
        out_.str(),
        "media id   1000\nstate      ready\nsize       1000 bytes\n"
        "video      http://127.0.0.1:8080/media/13_1000/video.mp4  (video/mp4, 7 bytes)\n"
    );
    EXPECT_EQ(err_.str().find('\r'), std::string::npos);
    for (const auto* step : {"transfer 25%", "transfer 50%", "transfer 75%", "transfer 100%"}) {
        EXPECT_TRUE(has(err_.str(), step)) << step;
    }
}

TEST_F(CliTest, EndsTheJsonLinesWithTheResult) {
    x_.processing = {
        R"({"state":"pending","check_after_secs":1})",
        R"({"state":"succeeded","progress_percent":100})"
    };
    ASSERT_EQ(run({"upload", "--json", file_}), 0);
    EXPECT_TRUE(has(out_.str(), "{\"v\":1,\"type\":\"start\",\"time\":\""));
    EXPECT_TRUE(has(out_.str(), "\"type\":\"sent\""));
    EXPECT_TRUE(has(out_.str(), "\"check_after_secs\":1"));
    EXPECT_TRUE(has(last_line(), "\"type\":\"ready\""));
    EXPECT_TRUE(has(last_line(), "\"media_id\":\"1000\""));
    EXPECT_TRUE(has(last_line(), "\"size_bytes\":1000,\"outputs\":[{\"name\":\"video\""));
    EXPECT_EQ(err_.str(), "");
}

TEST_F(CliTest, SaysOnlyTheLastObjectWhenQuiet) {
    ASSERT_EQ(run({"upload", "--json", "--quiet", file_}), 0);
    EXPECT_EQ(std::ranges::count(out_.str(), '\n'), 1);
    EXPECT_TRUE(has(out_.str(), "\"type\":\"ready\""));
}

TEST_F(CliTest, SumsUpSeveralFiles) {
    EXPECT_EQ(run({"upload", "--json", file_, (folder_ / "none.mp4").string()}), 1);
    EXPECT_TRUE(has(last_line(), "\"type\":\"summary\""));
    EXPECT_TRUE(has(last_line(), "\"exit_code\":3"));
    const auto none = (folder_ / "none.mp4").string();
    EXPECT_EQ(run({"upload", none, none}), 3) << "the common code";
}

TEST_F(CliTest, PrintsTheTimelineOfCalls) {
    x_.processing = {
        R"({"state":"pending","check_after_secs":2})",
        R"({"state":"succeeded","progress_percent":100})"
    };
    ASSERT_EQ(run({"upload", "--timeline", "--protocol", "x1", file_}), 0);
    for (const auto* part :
         {"INIT           202",
          "APPEND 0       204",
          "FINALIZE       201",
          "check_after_secs 2",
          "STATUS         200",
          "succeeded  progress_percent 100"}) {
        EXPECT_TRUE(has(out_.str(), part)) << part << "\n" << out_.str();
    }
}

TEST_F(CliTest, ShowsAnErrorWithFactsAndTheNextStep) {
    x_.fault = [](const std::string& name, int) -> FakeX::Fault {
        return name == "FINALIZE" ? FakeX::Fault(FakeX::problem(400, "size_mismatch"))
                                  : std::nullopt;
    };
    EXPECT_EQ(run({"upload", file_, "-q"}), 9);
    EXPECT_EQ(
        err_.str(),
        "sluice: " + file_ +
            ": what happened (size_mismatch)\n  facts  the server answered 400\n"
            "  do     Do this.\n  next   curl x\n  more   http://d/size_mismatch   request req_1\n"
    );
    EXPECT_EQ(out_.str(), "");
}

TEST_F(CliTest, MapsEachKindOfFailureToItsExitCode) {
    using client::FailureKind;
    const std::pair<FailureKind, int> rows[] = {
        {FailureKind::other, 1},
        {FailureKind::usage, 2},
        {FailureKind::local, 3},
        {FailureKind::auth, 4},
        {FailureKind::temporary, 5},
        {FailureKind::refused, 6},
        {FailureKind::processing, 7},
        {FailureKind::not_found, 8},
        {FailureKind::integrity, 9},
        {FailureKind::timeout, 10},
        {FailureKind::interrupted, 130}
    };
    for (const auto& [kind, code] : rows) {
        EXPECT_EQ(exit_code_of(kind), code);
    }
}

TEST_F(CliTest, ExitsWithTheCodesOfTheTable) {
    x_.processing = {R"({"state":"failed","error":{"name":"InvalidMedia"}})"};
    EXPECT_EQ(run({"upload", file_}), 7);
    x_.processing = {R"({"state":"pending","check_after_secs":60})"};
    EXPECT_EQ(run({"upload", "--timeout", "30s", file_}), 10);
    x_.counts.clear();
    const std::string other = folder_ / "other.mp4";
    std::ofstream(other) << "v";
    EXPECT_EQ(run({"upload", "--timeout", "30s", file_, other}), 10);
    EXPECT_EQ(x_.counts["INIT"], 0) << "one goes on, and for the other there is no time";
    EXPECT_EQ(run({"status", "4711"}), 8);
    x_.fault = [](const std::string&, int) -> FakeX::Fault {
        return client::HttpAnswer{.status = 401};
    };
    EXPECT_EQ(run({"list"}), 4);
    x_.fault = [](const std::string&, int) -> FakeX::Fault {
        return std::unexpected(client::NetworkError{"refused"});
    };
    EXPECT_EQ(run({"list"}), 5);
}

TEST_F(CliTest, SaysPausedWhenItIsInterrupted) {
    x_.fault = [this](const std::string& name, int) -> FakeX::Fault {
        stop_ = stop_ || name.starts_with("APPEND");
        return stop_ ? FakeX::Fault(std::unexpected(client::NetworkError{"stop"})) : std::nullopt;
    };
    EXPECT_EQ(run({"upload", file_}), 130);
    EXPECT_TRUE(has(err_.str(), "paused, run the same command to continue"));
}

TEST_F(CliTest, RefusesBadUsageWithExitTwo) {
    const std::vector<std::vector<std::string>> rows = {
        {},
        {"uplaod", file_},
        {"upload"},
        {"upload", "-"},
        {"upload", file_, "--protocol", "x3"},
        {"upload", file_, file_, "--alt-text", "t"},
        {"upload", file_, file_, "--subtitles=s.srt"},
        {"upload", file_, "--parallel", "0"},
        {"upload", file_, "--chunk-size", "many"},
        {"upload", file_, "--timeout", "soon"},
        {"status"},
        {"list", "--limit", "1000"},
        {"delete"},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(run(row), 2) << (row.empty() ? "" : row.back());
        EXPECT_FALSE(err_.str().empty());
    }
    EXPECT_TRUE(x_.calls.empty());
    run({"uplaod"});
    EXPECT_TRUE(has(err_.str(), "unknown command uplaod; did you mean upload?"));
}

TEST_F(CliTest, DeletesOnlyWhenConfirmed) {
    ASSERT_EQ(run({"upload", "-q", file_}), 0);
    EXPECT_EQ(run({"delete", "1000"}), 2);
    EXPECT_TRUE(has(err_.str(), "--yes"));
    in_is_tty_ = true;
    in_.str("n\n");
    EXPECT_EQ(run({"delete", "1000"}), 1);
    EXPECT_EQ(x_.counts["DELETE"], 0);
    EXPECT_EQ(run({"delete", "--yes", "1000"}), 0);
    EXPECT_EQ(x_.uploads.size(), 0U);
}

TEST_F(CliTest, TakesServerAndTokenFromTheEnvironment) {
    variables_["SLUICE_SERVER"] = "https://media.example/";
    const auto token = folder_ / "token";
    std::ofstream(token) << "abc\n";
    variables_["SLUICE_TOKEN_FILE"] = token;
    ASSERT_EQ(run({"upload", file_}), 0);
    EXPECT_TRUE(has(out_.str(), "https://media.example/media/13_1000/video.mp4"));
    EXPECT_EQ(x_.headers.front().back().second, "Bearer abc");
    EXPECT_EQ(run({"list", "--server", "ftp://x"}), 3);
    EXPECT_EQ(run({"list", "--token-file", "/nonexistent"}), 3);
}

TEST_F(CliTest, PingsUntilTheServerIsReady) {
    x_.fault = [](const std::string&, int count) -> FakeX::Fault {
        return client::HttpAnswer{.status = count < 4 ? 503 : 200};
    };
    EXPECT_EQ(run({"ping"}), 5);
    EXPECT_EQ(run({"ping", "--wait"}), 0);
    x_.counts.clear();
    x_.fault = [](const std::string&, int) -> FakeX::Fault {
        return client::HttpAnswer{.status = 503};
    };
    EXPECT_EQ(run({"ping", "--wait", "--timeout", "2s"}), 10);
}

TEST_F(CliTest, ListsEveryCommandInTheHelp) {
    ASSERT_EQ(run({"help"}), 0);
    for (const auto name : known_commands()) {
        EXPECT_TRUE(has(out_.str(), "\n  " + std::string(name))) << name;
    }
    ASSERT_EQ(run({"upload", "--help"}), 0);
    EXPECT_TRUE(has(out_.str(), "--timeline"));
    EXPECT_EQ(run({"version"}), 0);
}

}  // namespace
}  // namespace sluice::cli
