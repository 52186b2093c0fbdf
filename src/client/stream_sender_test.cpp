#include "client/stream_sender.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <fstream>

#include "client/fake_x.hpp"
#include "client/stream_dialect.hpp"

namespace sluice::client {
namespace {

class Silent final : public Observer {
  public:
    void on(const Event&) override {}
};

class NoStore final : public ResumeStore {
  public:
    std::optional<ResumeState> load(const ResumeKey&) override { return std::nullopt; }
    bool save(const ResumeKey&, const ResumeState&) override {
        ++saved;
        return true;
    }
    void erase(const ResumeKey&) override {}
    int saved = 0;
};

std::string header(const HttpRequest& request, std::string_view name) {
    for (const auto& [key, value] : request.headers) {
        if (key == name) {
            return value;
        }
    }
    return "";
}

// A server that keeps what it gets, at its end; `faults` are answered first, one a call.
class FakeStream final : public HttpTransport {
  public:
    std::expected<HttpAnswer, NetworkError> exchange(const HttpRequest& request, const StopFlag&)
        override {
        calls.push_back(request.method + " " + header(request, "Upload-Offset"));
        last = request;
        if (request.method == "PATCH" && !faults.empty()) {
            const auto [taken, answer] = faults.front();
            faults.pop_front();
            if (on_fault) {
                on_fault();
            }
            content += read(request).substr(0, taken);
            return answer;
        }
        HttpAnswer answer{.status = 204, .location = "/files/7"};
        if (request.method == "PATCH" && header(request, "Upload-Offset") != offset()) {
            answer.status = 409;
            return answer;
        }
        content += request.method == "PATCH" ? read(request) : "";
        answer.upload_offset = content.size();
        answer.append_bytes_max = append_bytes_max;
        answer.upload_complete = header(request, "Upload-Complete") == "?1" && !forgets_the_end;
        return answer;
    }

    std::string content;
    std::vector<std::string> calls;
    HttpRequest last;
    std::deque<std::pair<std::size_t, std::expected<HttpAnswer, NetworkError>>> faults;
    bool forgets_the_end = false;
    std::optional<std::uint64_t> append_bytes_max;
    std::function<void()> on_fault;

  private:
    std::string offset() const { return std::to_string(content.size()); }

    static std::string read(const HttpRequest& request) {
        std::string bytes(request.slice->length, '\0');
        const auto at = static_cast<off_t>(request.slice->offset);
        EXPECT_EQ(
            ::pread(request.slice->fd, bytes.data(), bytes.size(), at),
            static_cast<ssize_t>(bytes.size())
        );
        return bytes;
    }
};

class StreamSenderTest : public ::testing::Test {
  protected:
    StreamSenderTest() {
        path_ = std::filesystem::temp_directory_path() /
                ("sluice-stream-sender-" + std::to_string(::getpid()));
        std::ofstream(path_, std::ios::binary) << "0123456789";
    }
    ~StreamSenderTest() override { std::filesystem::remove(path_); }

    Outcome<void> send(const StreamDialect& dialect, std::uint64_t chunk_size) {
        auto around = Surroundings{
            .transport = server_,
            .timer = timer_,
            .stop = stop_,
            .random = [] { return 0.5; },
            .credentials = {}
        };
        Caller caller(around, seen_);
        const auto file = LocalFile::open(path_);
        if (!file) {
            return file.error();
        }
        state_.chunk_size = chunk_size;
        StreamSender sender(
            {.caller = caller,
             .dialect = dialect,
             .file = *file,
             .store = store_,
             .key = key_,
             .is_late = [this] { return is_late_; }},
            state_
        );
        auto done =
            state_.url.empty() ? sender.create({10, "video/mp4", "tweet_video"}) : sender.look();
        return done ? sender.send() : done;
    }

    using Calls = std::vector<std::string>;
    std::filesystem::path path_;
    FakeStream server_;
    testing::FakeTimer timer_;
    StopFlag stop_ = false;
    Silent seen_;
    NoStore store_;
    ResumeKey key_;
    ResumeState state_;
    bool is_late_ = false;
    std::unique_ptr<StreamDialect> tus_ = make_tus("http://server");
    std::unique_ptr<StreamDialect> rufh_ = make_rufh("http://server");
};

TEST_F(StreamSenderTest, SendsPieceAfterPiece) {
    ASSERT_TRUE(send(*tus_, 4));
    EXPECT_EQ(server_.content, "0123456789");
    EXPECT_EQ(server_.calls, (Calls{"POST ", "PATCH 0", "PATCH 4", "PATCH 8"}));
    EXPECT_EQ(state_.url, "http://server/files/7");
    EXPECT_EQ(store_.saved, 1);
}

TEST_F(StreamSenderTest, GoesOnWhereTheServerStands) {
    server_.content = "01234";
    state_.url = "http://server/files/7";
    ASSERT_TRUE(send(*tus_, 4));
    EXPECT_EQ(server_.calls, (Calls{"HEAD ", "PATCH 5", "PATCH 9"}));
    EXPECT_EQ(server_.content, "0123456789");
}

TEST_F(StreamSenderTest, AsksAfterAnAnswerThatWasLost) {
    server_.faults = {{3, std::unexpected(NetworkError{"reset"})}};
    ASSERT_TRUE(send(*tus_, 8));
    EXPECT_EQ(server_.calls, (Calls{"POST ", "PATCH 0", "PATCH 0", "HEAD ", "PATCH 3"}));
    EXPECT_EQ(server_.content, "0123456789");
}

TEST_F(StreamSenderTest, EndsWithWhatNoFurtherTryMends) {
    server_.faults = {{0, HttpAnswer{.status = 413}}};
    const auto sent = send(*tus_, 8);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().status, 413);
    EXPECT_EQ(server_.calls.size(), 2U);
}

TEST_F(StreamSenderTest, DoesNotAskForEver) {
    for (int i = 0; i < 50; ++i) {
        server_.faults.emplace_back(0, HttpAnswer{.status = 409});
    }
    const auto sent = send(*tus_, 8);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().status, 409);
    EXPECT_LT(server_.calls.size(), 20U);
}

TEST_F(StreamSenderTest, SaysTheEndWithTheLastPieceOfRufh) {
    ASSERT_TRUE(send(*rufh_, 6));
    EXPECT_EQ(server_.content, "0123456789");
    EXPECT_EQ(header(server_.last, "Upload-Complete"), "?1");
    EXPECT_EQ(header(server_.last, "Content-Type"), "application/partial-upload");
}

TEST_F(StreamSenderTest, SendsNoMoreAtOnceThanTheServerTakes) {
    server_.append_bytes_max = 4;
    ASSERT_TRUE(send(*rufh_, 8));
    EXPECT_EQ(server_.calls, (Calls{"POST ", "PATCH 0", "PATCH 4", "PATCH 8"}));
    EXPECT_EQ(server_.content, "0123456789");
}

TEST_F(StreamSenderTest, LearnsItFromALookToo) {
    server_.append_bytes_max = 4;
    server_.content = "01234";
    state_.url = "http://server/resumable/7";
    ASSERT_TRUE(send(*rufh_, 8));
    EXPECT_EQ(server_.calls, (Calls{"HEAD ", "PATCH 5", "PATCH 9"}));
}

TEST_F(StreamSenderTest, SaysTheEndOfRufhWhenAllBytesAreThere) {
    server_.content = "0123456789";
    state_.url = "http://server/resumable/7";
    ASSERT_TRUE(send(*rufh_, 6));
    EXPECT_EQ(server_.calls, (Calls{"HEAD ", "PATCH 10"}));
    EXPECT_EQ(server_.last.slice->length, 0U);
}

TEST_F(StreamSenderTest, DoesNotWaitForEverForAnEndThatIsNotTaken) {
    server_.forgets_the_end = true;
    EXPECT_FALSE(send(*rufh_, 6));
    EXPECT_LT(server_.calls.size(), 20U);
}

TEST_F(StreamSenderTest, SendsNothingMoreOfAFileThatChanged) {
    server_.faults = {{4, HttpAnswer{.status = 204, .upload_offset = 4}}};
    server_.on_fault = [this] { std::ofstream(path_, std::ios::app) << "more"; };
    const auto sent = send(*tus_, 4);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().code, "file_changed");
    EXPECT_EQ(server_.calls, (Calls{"POST ", "PATCH 0"}));
}

TEST_F(StreamSenderTest, StopsWhenItIsLate) {
    is_late_ = true;
    const auto sent = send(*tus_, 4);
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().kind, FailureKind::timeout);
}

// Another server names its uploads as it likes.
TEST_F(StreamSenderTest, WhatHasBegunNeedsNoIdToBeLate) {
    auto around = Surroundings{
        .transport = server_,
        .timer = timer_,
        .stop = stop_,
        .random = [] { return 0.5; },
        .credentials = {}
    };
    const auto file = LocalFile::open(path_).value();
    for (const bool has_begun : {false, true}) {
        Caller caller(around, seen_, std::chrono::seconds(20));
        if (has_begun) {
            caller.has_begun({});
        }
        server_.faults = {{0, HttpAnswer{.status = 503, .retry_after = std::chrono::seconds(60)}}};
        const auto answer = caller.call(
            "PATCH 0",
            HttpRequest{
                .method = "PATCH", .slice = FileSlice{.fd = file.fd(), .offset = 0, .length = 1}
            }
        );
        ASSERT_FALSE(answer);
        EXPECT_EQ(answer.error().kind, has_begun ? FailureKind::timeout : FailureKind::temporary);
    }
}

TEST(ResolveLocation, StaysAtTheHostThatWasAsked) {
    const struct {
        std::string_view location;
        std::optional<std::string> url;
    } rows[] = {
        {"/files/7", "https://a.example:8/files/7"},
        {"7", "https://a.example:8/files/7"},
        {"https://a.example:8/x/7?k=1", "https://a.example:8/x/7?k=1"},
        {"http://a.example:8/files/7", "https://a.example:8/files/7"},
        {"https://b.example/files/7", std::nullopt},
        {"//b.example/files/7", std::nullopt},
        {"", std::nullopt},
    };
    for (const auto& row : rows) {
        EXPECT_EQ(resolve_location("https://a.example:8/files/", row.location), row.url)
            << row.location;
    }
}

TEST(StreamDialects, TellWhatTheFileIs) {
    const StreamFacts facts{{10, "video/mp4", "tweet_video"}, "f\xc3\xbcr x.mp4", "key"};
    const auto tus = make_tus("http://server")->create(facts);
    EXPECT_EQ(tus.url, "http://server/files/");
    EXPECT_EQ(header(tus, "Upload-Length"), "10");
    EXPECT_EQ(
        header(tus, "Upload-Metadata"),
        "filename ZsO8ciB4Lm1wNA==,filetype dmlkZW8vbXA0,media_category dHdlZXRfdmlkZW8="
    );
    const auto rufh = make_rufh("http://server")->create(facts);
    EXPECT_EQ(rufh.url, "http://server/resumable/?media_category=tweet_video");
    EXPECT_EQ(header(rufh, "Upload-Complete"), "?0");
    EXPECT_EQ(header(rufh, "Content-Disposition"), "inline; filename*=UTF-8''f%C3%BCr%20x.mp4");
    EXPECT_EQ(header(rufh, "Idempotency-Key"), "\"key\"");
}

}  // namespace
}  // namespace sluice::client
