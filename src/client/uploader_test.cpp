#include "client/uploader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "client/fake_x.hpp"

namespace sluice::client {
namespace {

using testing::FakeTimer;
using testing::FakeX;

class Recorder final : public Observer {
  public:
    void on(const Event& event) override { events.push_back(event); }

    template <class T>
    std::vector<T> all() const {
        std::vector<T> found;
        for (const auto& event : events) {
            if (const auto* what = std::get_if<T>(&event.what)) {
                found.push_back(*what);
            }
        }
        return found;
    }

    std::vector<Event> events;
};

class MemoryResumeStore final : public ResumeStore {
  public:
    std::optional<ResumeState> load(const ResumeKey&) override { return state; }
    bool save(const ResumeKey&, const ResumeState& saved) override {
        state = saved;
        return true;
    }
    void erase(const ResumeKey&) override { state.reset(); }

    std::optional<ResumeState> state;
};

class UploaderTest : public ::testing::Test {
  protected:
    UploaderTest() {
        folder_ = std::filesystem::temp_directory_path() /
                  ("sluice-uploader-" + std::to_string(::getpid()));
        std::filesystem::create_directories(folder_);
        for (int i = 0; i < 700'000; ++i) {
            bytes_ += static_cast<char>('a' + i * 7 % 26 + i / 70'000);
        }
        std::ofstream(path(), std::ios::binary) << bytes_;
        settings_ = {
            .server = "http://server",
            .media_type = "video/mp4",
            .category = "tweet_video",
            .chunk_size = 100'000
        };
    }
    ~UploaderTest() override { std::filesystem::remove_all(folder_); }

    std::string path() const { return folder_ / "clip.mp4"; }

    Outcome<UploadResult> upload() {
        auto around = Surroundings{
            .transport = x_,
            .timer = timer_,
            .stop = stop_,
            .random = [] { return 0.5; },
            .credentials = {.bearer = token_, .oauth1 = keys_}
        };
        const auto file = LocalFile::open(path());
        if (!file) {
            return file.error();
        }
        return Uploader(around, store_, seen_).upload(*file, settings_);
    }

    // The named call is answered so for its first `times` times.
    void fail(
        const std::string& name, int times, const std::expected<HttpAnswer, NetworkError>& with
    ) {
        x_.fault = [=](const std::string& called, int count) -> FakeX::Fault {
            return called == name && count <= times ? FakeX::Fault(with) : std::nullopt;
        };
    }

    std::filesystem::path folder_;
    std::string bytes_;
    std::string token_;
    std::optional<OAuth1Keys> keys_;
    FakeX x_;
    FakeTimer timer_;
    StopFlag stop_ = false;
    MemoryResumeStore store_;
    Recorder seen_;
    UploadSettings settings_;
};

TEST_F(UploaderTest, SendsTheFileByV2AndReturnsItsOutputs) {
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(x_.content(result->media_id), bytes_);
    EXPECT_EQ(result->state, "ready");
    EXPECT_EQ(result->size_bytes, bytes_.size());
    ASSERT_EQ(result->outputs.size(), 1U);
    EXPECT_EQ(result->outputs[0].url, "http://server/media/13_1000/video.mp4");
    EXPECT_EQ(seen_.all<Acknowledged>().back().bytes_acknowledged, bytes_.size());
    EXPECT_FALSE(store_.state) << "a finished upload leaves no state";
}

TEST_F(UploaderTest, SendsTheFileByV1) {
    settings_.protocol = Protocol::x1;
    x_.processing = {R"({"state":"succeeded","progress_percent":100})"};
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(x_.content(result->media_id), bytes_);
    EXPECT_NE(x_.last_init_body.find("media_category=tweet_video"), std::string::npos);
}

TEST_F(UploaderTest, WaitsExactlyAsLongAsCheckAfterSecsSays) {
    x_.processing = {
        R"({"state":"pending","check_after_secs":3})",
        R"({"state":"in_progress","check_after_secs":11,"progress_percent":40})",
        R"({"state":"succeeded","progress_percent":100})"
    };
    ASSERT_TRUE(upload());
    EXPECT_EQ(timer_.waits, (std::vector<Milliseconds>{Milliseconds(3000), Milliseconds(11000)}));
    const auto states = seen_.all<StatusKnown>();
    ASSERT_EQ(states.size(), 3U);
    EXPECT_EQ(states[1].processing.percent, 40);
}

TEST_F(UploaderTest, TellsWhyProcessingFailed) {
    x_.processing = {
        R"({"state":"failed","error":{"code":1,"name":"InvalidMedia","message":"no video track"}})"
    };
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::processing);
    EXPECT_EQ(result.error().message, "no video track");
    EXPECT_EQ(seen_.all<Failed>().size(), 1U);
    EXPECT_FALSE(store_.state);
}

TEST_F(UploaderTest, RetriesAfter503AsLongAsRetryAfterSays) {
    auto busy = FakeX::problem(503, "overloaded");
    busy.retry_after = std::chrono::seconds(7);
    fail("APPEND 3", 2, busy);
    ASSERT_TRUE(upload());
    EXPECT_EQ(x_.content("1000"), bytes_);
    const auto retries = seen_.all<Retrying>();
    ASSERT_EQ(retries.size(), 2U);
    EXPECT_EQ(retries[0].delay, Milliseconds(7250));
    EXPECT_EQ(retries[0].why.code, "overloaded");
}

TEST_F(UploaderTest, RetriesAfter429AndLostConnections) {
    fail("INIT", 1, HttpAnswer{.status = 429});
    ASSERT_TRUE(upload());
    fail("APPEND 0", 10, std::unexpected(NetworkError{"connection reset"}));
    x_.counts.clear();
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::temporary);
    EXPECT_EQ(x_.counts["APPEND 0"], 8) << "the tries are bounded";
    EXPECT_TRUE(store_.state) << "and the upload can be continued";
}

TEST_F(UploaderTest, DoesNotRetryWhatNoWaitingChanges) {
    fail("INIT", 9, FakeX::problem(400, "category_unknown"));
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::refused);
    EXPECT_EQ(result.error().hint, "Do this.");
    EXPECT_EQ(result.error().next, "curl x");
    EXPECT_EQ(x_.counts["INIT"], 1);
}

TEST_F(UploaderTest, HalvesTheChunkAndStartsOverOn413) {
    settings_.chunk_size = 400'000;
    x_.fault = [this](const std::string& name, int) -> FakeX::Fault {
        const bool is_large = x_.counts["INIT"] < 3 && name.starts_with("APPEND");
        return is_large ? FakeX::Fault(HttpAnswer{.status = 413}) : std::nullopt;
    };
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(x_.counts["INIT"], 3);
    EXPECT_EQ(x_.content(result->media_id), bytes_);
    EXPECT_EQ(x_.uploads[result->media_id].at(0).size(), 100'000U);
}

TEST_F(UploaderTest, ContinuesAnInterruptedUploadUnderTheSameId) {
    settings_.parallel = 1;
    x_.fault = [this](const std::string& name, int) -> FakeX::Fault {
        if (name != "APPEND 4") {
            return std::nullopt;
        }
        stop_ = true;
        return std::unexpected(NetworkError{"stopped"});
    };
    const auto paused = upload();
    ASSERT_FALSE(paused);
    EXPECT_EQ(paused.error().kind, FailureKind::interrupted);
    stop_ = false;
    x_.fault = nullptr;
    x_.calls.clear();
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->media_id, "1000");
    EXPECT_EQ(x_.content("1000"), bytes_);
    EXPECT_EQ(
        x_.calls, (std::vector<std::string>{"APPEND 4", "APPEND 5", "APPEND 6", "FINALIZE", "GET"})
    );
    EXPECT_TRUE(seen_.all<Started>().back().resumed);
}

TEST_F(UploaderTest, StartsAnewWhenTheServerForgotTheUpload) {
    store_.state = ResumeState{
        .media_id = "77",
        .chunk_size = 100'000,
        .acknowledged = {0, 1},
        .media_type = "video/mp4",
        .category = "tweet_video"
    };
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->media_id, "1000");
    EXPECT_EQ(x_.content("1000"), bytes_);
}

TEST_F(UploaderTest, SendsAgainOnlyTheSegmentsThatFinalizeMissed) {
    x_.index_to_lose = 2;
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(x_.content(result->media_id), bytes_);
    EXPECT_EQ(x_.counts["APPEND 2"], 2);
    EXPECT_EQ(x_.counts["APPEND 3"], 1);
    EXPECT_EQ(x_.counts["FINALIZE"], 2);
}

TEST_F(UploaderTest, SendsAllAgainWhenTheServerDoesNotSayWhatIsMissing) {
    x_.index_to_lose = 2;
    x_.lists_missing = false;
    ASSERT_TRUE(upload());
    EXPECT_EQ(x_.content("1000"), bytes_);
    EXPECT_EQ(x_.counts["APPEND 3"], 2);
}

TEST_F(UploaderTest, LeavesAtItsTimeoutAndKeepsTheState) {
    settings_.timeout = std::chrono::seconds(20);
    x_.processing = {R"({"state":"pending","check_after_secs":15})"};
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::timeout);
    EXPECT_EQ(timer_.now(), Milliseconds(20'000));
    EXPECT_TRUE(store_.state);
}

TEST_F(UploaderTest, DoesNotWaitBeyondItsTimeoutForAnotherTry) {
    settings_.timeout = std::chrono::seconds(20);
    auto busy = FakeX::problem(503, "overloaded");
    busy.retry_after = std::chrono::seconds(60);
    fail("APPEND 3", 10, busy);
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::timeout);
    EXPECT_EQ(result.error().media_id, "1000");
    EXPECT_EQ(x_.counts["APPEND 3"], 1);
    EXPECT_LT(timer_.now(), Milliseconds(20'000));
    EXPECT_TRUE(store_.state);
}

TEST_F(UploaderTest, SaysThatNobodyCouldBeReachedWhereNothingHasBegun) {
    settings_.timeout = std::chrono::seconds(2);
    fail("INIT", 10, std::unexpected(NetworkError{"refused"}));
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::temporary);
    EXPECT_TRUE(result.error().message.ends_with("would come after --timeout"))
        << result.error().message;
    EXPECT_LT(timer_.now(), Milliseconds(2'000));
}

TEST_F(UploaderTest, DoesNotWaitForProcessingWhenToldSo) {
    settings_.waits = false;
    x_.processing = {R"({"state":"pending","check_after_secs":15})"};
    const auto result = upload();
    ASSERT_TRUE(result);
    EXPECT_EQ(result->state, "processing");
    EXPECT_EQ(x_.counts["STATUS"], 0);
}

TEST_F(UploaderTest, RefusesAnEmptyFileBeforeItCallsAnybody) {
    std::ofstream(path(), std::ios::trunc).close();
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::local);
    EXPECT_TRUE(x_.calls.empty());
}

TEST_F(UploaderTest, SendsTheTokenWithEveryCall) {
    token_ = "secret";
    ASSERT_TRUE(upload());
    for (const auto& headers : x_.headers) {
        EXPECT_EQ(headers.back().second, "Bearer secret");
    }
}

TEST(PlanSegments, NeverNeedsMoreThanAThousand) {
    constexpr std::uint64_t large = 16ULL << 30;
    EXPECT_EQ(plan_segments(large, 0).count(), 1000U);
    EXPECT_EQ(plan_segments(10'000'000, 1).count(), 1000U);
    const auto plan = plan_segments(10, 4);
    EXPECT_EQ(plan.count(), 3U);
    EXPECT_EQ(plan.length_of(2), 2U);
}

TEST_F(UploaderTest, SignsEachTryAnew) {
    keys_ = OAuth1Keys{"k", "cs", "t", "ts"};
    settings_.protocol = Protocol::x1;
    fail("INIT", 1, HttpAnswer{.status = 503});
    ASSERT_TRUE(upload());
    std::set<std::string> seen;
    for (const auto& headers : x_.headers) {
        const auto found = std::ranges::find(headers, "Authorization", &Headers::value_type::first);
        ASSERT_NE(found, headers.end());
        EXPECT_TRUE(found->second.starts_with("OAuth oauth_consumer_key=\"k\""));
        EXPECT_TRUE(seen.insert(found->second).second) << "a nonce is good once";
    }
}

TEST_F(UploaderTest, SaysTheAltTextInTheWordsOfEachVersion) {
    settings_.annotations.alt_text = "a \"cat\"";
    ASSERT_TRUE(upload());
    settings_.protocol = Protocol::x1;
    ASSERT_TRUE(upload());
    EXPECT_EQ(
        x_.annotations,
        (std::vector<std::string>{
            "http://server/2/media/metadata "
            R"({"id":"1000","metadata":{"alt_text":{"text":"a \"cat\""}}})",
            "http://server/1.1/media/metadata/create.json "
            R"({"media_id":"1001","alt_text":{"text":"a \"cat\""}})"
        })
    );
}

TEST_F(UploaderTest, UploadsSubtitlesAndTiesThemToTheVideo) {
    const auto subtitles = folder_ / "clip.srt";
    std::ofstream(subtitles) << "1\n00:00:00,000 --> 00:00:01,000\nhello\n";
    settings_.annotations.subtitles = SubtitleFile{.path = subtitles, .language = "DE"};
    settings_.protocol = Protocol::x1;
    ASSERT_TRUE(upload());
    EXPECT_TRUE(x_.content("1001").ends_with("hello\n"));
    EXPECT_EQ(
        x_.annotations.at(0),
        "http://server/1.1/media/subtitles/create.json "
        R"({"media_id":"1000","media_category":"TweetVideo","subtitle_info":{"subtitles":)"
        R"([{"media_id":"1001","language_code":"DE","display_name":"DE"}]}})"
    );
    EXPECT_EQ(seen_.all<Started>().size(), 1U) << "the bars are those of the video";
}

TEST_F(UploaderTest, HasOneTimeForTheVideoAndItsSubtitles) {
    const auto subtitles = folder_ / "clip.srt";
    std::ofstream(subtitles) << "1\n00:00:00,000 --> 00:00:01,000\nhello\n";
    settings_.annotations.subtitles = SubtitleFile{.path = subtitles, .language = "DE"};
    settings_.timeout = std::chrono::seconds(20);
    auto busy = FakeX::problem(503, "overloaded");
    busy.retry_after = std::chrono::seconds(15);
    x_.fault = [busy](const std::string& called, int count) -> FakeX::Fault {
        return called == "INIT" && count != 2 ? FakeX::Fault(busy) : std::nullopt;
    };
    const auto result = upload();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, FailureKind::timeout) << "the video is there";
    EXPECT_EQ(x_.counts["INIT"], 3);
    EXPECT_LT(timer_.now(), Milliseconds(20'000));
}

TEST_F(UploaderTest, AsksTheRealXForNothingThatItDoesNotHave) {
    settings_.server = "https://upload.twitter.com";
    settings_.protocol = Protocol::x1;
    const auto result = upload();
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->state, "ready");
    EXPECT_EQ(result->size_bytes, bytes_.size());
    EXPECT_EQ(std::ranges::count(x_.calls, "GET"), 0);
}

TEST_F(UploaderTest, UnderstandsXsSentenceAboutMissingSegments) {
    settings_.server = "https://upload.twitter.com";
    settings_.protocol = Protocol::x1;
    fail(
        "FINALIZE",
        1,
        HttpAnswer{
            .status = 400,
            .body = R"({"request":"\/1.1\/media\/upload.json",)"
                    R"("error":"Segments do not add up to provided total file size."})"
        }
    );
    ASSERT_TRUE(upload());
    EXPECT_EQ(std::ranges::count(x_.calls, "APPEND 0"), 2);
}

}  // namespace
}  // namespace sluice::client
