#include "server/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "server/limit_settings.hpp"
#include "server/setting_values.hpp"

namespace sluice::server {
namespace {

TEST(Settings, HaveSafeDefaults) {
    const auto settings = read_settings({}, {});
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->listen.front().host, "127.0.0.1");
    EXPECT_EQ(settings->listen.front().port, 8080);
    EXPECT_TRUE(settings->is_strict);
    EXPECT_TRUE(settings->sandbox);
    EXPECT_FALSE(settings->is_faithful);
}

TEST(Settings, GoWithoutASandboxOnlyByThatWord) {
    EXPECT_FALSE(read_settings({"--sandbox=off"}, {})->sandbox);
    EXPECT_FALSE(read_settings({}, {{"SLUICE_PROCESSING_SANDBOX", "off"}})->sandbox);
    EXPECT_TRUE(read_settings({"--sandbox", "on"}, {})->sandbox);
    EXPECT_FALSE(read_settings({"--sandbox=no"}, {}));
}

TEST(Settings, TakeADatabaseAndShowItWithoutItsPassword) {
    EXPECT_EQ(read_settings({}, {})->database, "sqlite");
    const std::string url = "postgres://me:hidden@db.internal:5433/media?sslmode=require";
    const auto settings = read_settings({}, {{"SLUICE_DATABASE_URL", url}});
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->database, url);
    ASSERT_EQ(settings->given.size(), 1u);
    EXPECT_EQ(settings->given.front().value, "postgres://me@db.internal:5433/media");
    for (const char* wrong :
         {"postgres:me:hidden@x", "postgres://me:hidden@x:port:/y?z", "mysql://me:hidden@x"}) {
        const auto refused = read_settings({"--database", wrong}, {});
        ASSERT_FALSE(refused) << wrong;
        EXPECT_NE(refused.error().message.find("postgres://USER@HOST"), std::string::npos);
        EXPECT_EQ(refused.error().message.find("hidden"), std::string::npos) << wrong;
    }
}

TEST(Settings, RedirectReadersToAnS3StoreOnly) {
    const std::string bucket = "s3://media?endpoint=http://127.0.0.1:9000";
    EXPECT_TRUE(
        read_settings({"--delivery", "redirect", "--storage", bucket}, {})->redirects_to_storage
    );
    EXPECT_TRUE(read_settings({"--delivery", "proxy"}, {}));
    const std::vector<std::string> folder{
        "--storage", "file:///media", "--database", "postgres://me@db/x"
    };
    for (std::vector<std::string> where : {std::vector<std::string>(), folder}) {
        where.insert(where.end(), {"--delivery", "redirect"});
        const auto refused = read_settings(where, {});
        ASSERT_FALSE(refused);
        EXPECT_NE(refused.error().message.find("--storage s3://"), std::string::npos);
        EXPECT_NE(refused.error().message.find("leave it out"), std::string::npos);
    }
    EXPECT_FALSE(read_settings({}, {{"SLUICE_STORAGE_DELIVERY", "redirect"}}));
}

TEST(Settings, ListenToOthersWithKeysOnly) {
    const auto settings = read_settings({"--listen", "0.0.0.0:80", "--auth", "keys"}, {});
    ASSERT_TRUE(settings);
    EXPECT_TRUE(settings->needs_keys);
    const auto refused = read_settings({}, {{"SLUICE_SERVER_LISTEN", "[::]:80"}});
    ASSERT_FALSE(refused);
    EXPECT_FALSE(refused.error().is_usage);
    EXPECT_NE(refused.error().message.find("--listen [::]:80 --auth keys"), std::string::npos);
}

TEST(Settings, TakeFlagsWithAndWithoutEqualSign) {
    const auto settings = read_settings(
        {"--listen=127.0.0.1:0",
         "--listen",
         "[::1]:9",
         "--fidelity",
         "faithful",
         "--limit",
         "segment.max_bytes=5M"},
        {}
    );
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->listen.size(), 2U);
    EXPECT_EQ(settings->listen.back().host, "::1");
    EXPECT_TRUE(settings->is_faithful);
    EXPECT_EQ(settings->limits.segment_bytes_max.value, 5U << 20);
}

TEST(Settings, PreferFlagsToVariablesToTheFile) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("settings_test." + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << "[server]\ndata = \"file\"\nrole = \"api\"\n[x]\nfidelity = "
                           "\"faithful\"\n[limits.upload]\nmax_bytes = \"2G\"\n";
    const auto settings = read_settings(
        {"--data", "flag", "--config", path.string()},
        {{"SLUICE_SERVER_DATA", "variable"}, {"SLUICE_X_FIDELITY", "helpful"}}
    );
    std::filesystem::remove(path);
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->data, "flag");
    EXPECT_FALSE(settings->is_faithful);
    EXPECT_FALSE(settings->runs_workers);
    EXPECT_EQ(settings->limits.upload_bytes_max.value, 2ULL << 30);
}

TEST(Settings, OneLimitOfAFlagLeavesTheOthersOfTheFile) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("settings_limits_test." + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << "[limits]\nopen_uploads = 7\nupload.max_bytes = \"1G\"\n"
                           "segment.max_bytes = \"3M\"\n[limits.requests]\nx = \"on\"\n"
                           "v1.init = \"5/15m\"\nstatus = \"6/15m\"\n";
    const auto settings = read_settings(
        {"--limit",
         "upload.max_bytes=2G",
         "--limit",
         "requests.init=9/15m",
         "--config",
         path.string()},
        {{"SLUICE_LIMITS", "segment.max_bytes=4M"}}
    );
    std::filesystem::remove(path);
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->limits.upload_bytes_max.value, 2ULL << 30) << "a flag";
    EXPECT_EQ(settings->limits.segment_bytes_max.value, 4ULL << 20) << "a variable";
    EXPECT_EQ(settings->limits.quota.uploads_open_max, 7U) << "the file";
    EXPECT_TRUE(settings->has_rates_of_x);
    const RateLimits rates = rate_limits(*settings);
    EXPECT_EQ(rates.of(RateBucket::v1_init).calls, 9U) << "in other words than the file's";
    EXPECT_EQ(rates.of(RateBucket::v1_status).calls, 6U);
    EXPECT_EQ(std::ranges::count(settings->given, "upload.max_bytes=1G", &GivenSetting::value), 0)
        << "what is shown is what counts";
}

TEST(Settings, TakeQuotasAndRates) {
    const auto settings = read_settings(
        {"--limit",
         "requests.init=400/15m",
         "--limit",
         "requests.x=on",
         "--limit",
         "open_uploads=1000",
         "--limit",
         "stored_bytes=10G"},
        {}
    );
    ASSERT_TRUE(settings) << settings.error().message;
    EXPECT_EQ(settings->limits.quota.uploads_open_max, 1000U);
    EXPECT_EQ(settings->limits.quota.bytes_max.value, 10ULL << 30);
    const RateLimits rates = rate_limits(*settings);
    EXPECT_EQ(rates.of(RateBucket::v1_init), (RateLimit{400, std::chrono::seconds(900)}));
    EXPECT_EQ(rates.of(RateBucket::v2_init), (RateLimit{400, std::chrono::seconds(900)}));
    EXPECT_EQ(rates.of(RateBucket::v1_one_shot).calls, 415U);
    for (const char* wrong : {"requests.init=many", "requests.inti=4/15m", "open_uploads=0", "x"}) {
        EXPECT_FALSE(read_settings({"--limit", wrong}, {})) << wrong;
    }
}

struct Row {
    std::vector<std::string> arguments;
    bool is_usage;
    const char* says;
};

TEST(Settings, SayWhatIsWrongAndWhatWouldDo) {
    for (const Row& row : {
             Row{{"--lisen", "x"}, true, "Did you mean --listen?"},
             Row{{"--listen"}, true, "needs a value"},
             Row{{"--listen", "127.0.0.1"}, true, "HOST:PORT"},
             Row{{"--listen", "0.0.0.0:80"}, true, "--auth keys"},
             Row{{"--listen", "0.0.0.0:80", "--data", "d"},
                 true,
                 "sluice serve --listen 0.0.0.0:80 --data d --auth keys"},
             Row{{"--auth", "none"}, true, "open or keys"},
             Row{{"--workers", "none"}, true, "a number from 1 to 256"},
             Row{{"--limit", "upload.bytes=1"}, true, "upload.max_bytes"},
             Row{{"--config", "/does/not/exist.toml"}, false, "/does/not/exist.toml"},
             Row{{"surplus"}, true, "surplus"},
         }) {
        const auto settings = read_settings(row.arguments, {});
        ASSERT_FALSE(settings) << row.arguments.front();
        EXPECT_EQ(settings.error().is_usage, row.is_usage) << row.arguments.front();
        EXPECT_NE(settings.error().message.find(row.says), std::string::npos)
            << settings.error().message;
    }
}

TEST(Settings, NameFileAndLineOfAnUnknownKey) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("settings_key." + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << "[server]\n\ndat = \"x\"\n";
    const auto settings = read_settings({"--config", path.string()}, {});
    std::filesystem::remove(path);
    ASSERT_FALSE(settings);
    EXPECT_NE(
        settings.error().message.find(":3: there is no setting server.dat"), std::string::npos
    );
    EXPECT_NE(settings.error().message.find("server.data"), std::string::npos);
}

TEST(SettingValues, ADurationIsWrittenAsPeopleDo) {
    using std::chrono::seconds;
    EXPECT_EQ(duration_of("90s"), seconds(90));
    EXPECT_EQ(duration_of("15m"), seconds(900));
    EXPECT_EQ(duration_of("12h"), seconds(43'200));
    EXPECT_EQ(duration_of("1d"), seconds(86'400));
    EXPECT_EQ(duration_of("3600"), seconds(3600));
    for (const auto* text : {"", "d", "0s", "-1d", "1w", "1d2h", "99999999999d"}) {
        EXPECT_FALSE(duration_of(text)) << text;
    }
    Settings settings;
    ASSERT_TRUE(apply_limit(settings, "upload.lifetime=2d"));
    EXPECT_EQ(settings.limits.lifetime, seconds(172'800));
    ASSERT_TRUE(apply_limit(settings, "jobs.lease=1m"));
    EXPECT_EQ(settings.job_lease, seconds(60));
    EXPECT_FALSE(apply_limit(settings, "jobs.lease=1d"));
}

}  // namespace
}  // namespace sluice::server
