#include "server/settings_in_force.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "server/setting_rows.hpp"

namespace sluice::server {
namespace {

constexpr std::size_t connections = 1000;

SettingInForce one_of(const Settings& settings, const std::string& key) {
    const auto all = settings_in_force(settings, connections);
    const auto found = std::ranges::find(all, key, &SettingInForce::key);
    return found == all.end() ? SettingInForce{} : *found;
}

struct Expected {
    const char* key;
    const char* value;
    const char* origin;
};

void expect(const Settings& settings, std::initializer_list<Expected> rows) {
    for (const Expected& row : rows) {
        const SettingInForce one = one_of(settings, row.key);
        EXPECT_EQ(one.value, row.value) << row.key;
        EXPECT_EQ(one.origin, row.origin) << row.key;
    }
}

TEST(SettingsInForce, HaveAValueAndAnOriginEachThoughNobodySaidAnything) {
    for (const std::string argument : {"--auth=open", "--auth=keys", "--role=api"}) {
        const auto settings = read_settings({argument}, {});
        ASSERT_TRUE(settings);
        const auto all = settings_in_force(*settings, connections);
        for (const SettingInForce& one : all) {
            EXPECT_FALSE(one.value.empty()) << one.key;
            EXPECT_FALSE(one.help.empty()) << one.key;
            EXPECT_EQ(one.origin == "default", one.flag != argument.substr(0, 6)) << one.key;
        }
        for (const SettingRow& row : setting_rows()) {
            EXPECT_EQ(std::ranges::count(all, row.key, &SettingInForce::key), row.key != "limits")
                << row.key;
        }
    }
}

TEST(SettingsInForce, AreWhatTheServerDoesAndNotWhatWasTyped) {
    const auto settings = read_settings(
        {"--limit",
         "upload.max_bytes=2g",
         "--limit",
         "connections=200",
         "--dev-tls",
         "--server-name",
         "a.example",
         "--server-name",
         "b.example",
         "--cores-per-job=3",
         "--rufh-interop=9,rfc"},
        {{"SLUICE_STORAGE_DURABILITY", "relaxed"}}
    );
    ASSERT_TRUE(settings);
    expect(
        *settings,
        {
            {"limits.upload.max_bytes", "2GiB", "--limit"},
            {"limits.segment.max_bytes", "64MiB", "default"},
            {"limits.append.max_bytes", "off", "default"},
            {"limits.connections", "200", "--limit"},
            {"limits.control.running", "200", "default"},
            {"limits.bulk.running", "150", "default"},
            {"server.listen", "127.0.0.1:8080", "default"},
            {"server.names", "a.example, b.example", "--server-name"},
            {"server.trusted_proxies", "none", "default"},
            {"processing.cores_per_job", "3", "--cores-per-job"},
            {"rufh.interop", "9,rfc", "--rufh-interop"},
            {"storage.durability", "relaxed", "SLUICE_STORAGE_DURABILITY"},
            {"tls.dev", "on", "--dev-tls"},
            {"tls.dev_listen", "127.0.0.1:0", "default"},
            {"tls.dev_proxy", "off", "default"},
        }
    );
    expect(*read_settings({}, {}), {{"limits.connections", "1000", "default"}});
}

TEST(SettingsInForce, TellWhoSetABucketOfRates) {
    const auto settings = read_settings(
        {"--limit=requests.x=on", "--limit=requests.init=5/30s", "--limit=requests.v2.init=7/2h"},
        {{"SLUICE_SERVER_ROLE", "api"}}
    );
    ASSERT_TRUE(settings);
    expect(
        *settings,
        {
            {"limits.requests.x", "on", "--limit"},
            {"limits.requests.v1.init", "5/30s", "--limit"},
            {"limits.requests.v2.init", "7/2h", "--limit"},
            {"limits.requests.v1.append", "20000/1h", "--limit"},
            {"server.role", "api", "SLUICE_SERVER_ROLE"},
        }
    );
    const auto ours = read_settings({"--limit=requests.v1.init=5/1d"}, {});
    expect(
        *ours,
        {
            {"limits.requests.v1.init", "5/1d", "--limit"},
            {"limits.requests.v2.init", "100000000/15m", "default"},
            {"limits.requests.v1.append", "100000000/15m", "default"},
        }
    );
}

TEST(SettingsInForce, ShowNoSecret) {
    const auto settings =
        read_settings({}, {{"SLUICE_DATABASE_URL", "postgres://me:hidden@db.internal/media"}});
    ASSERT_TRUE(settings);
    for (const SettingInForce& one : settings_in_force(*settings, connections)) {
        EXPECT_EQ(one.value.find("hidden"), std::string::npos) << one.key;
    }
    EXPECT_EQ(one_of(*settings, "database.url").value, "postgres://me@db.internal/media");
}

}  // namespace
}  // namespace sluice::server
