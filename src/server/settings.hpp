// What `sluice serve` was told, from its flags, SLUICE_… variables and its configuration file; the
// first one wins. One table in settings.cpp names every setting. Value; made by main before
// anything starts.
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/address_range.hpp"
#include "base/result.hpp"
#include "protocol/common/inspector_mode.hpp"
#include "protocol/common/interim_rules.hpp"
#include "protocol/common/work_classes.hpp"
#include "service/failed_logins.hpp"
#include "service/faults.hpp"
#include "service/polling.hpp"
#include "service/rate_limits.hpp"
#include "service/uploads.hpp"

namespace sluice::server {

// What was said about a setting, where it was said: "--listen", "SLUICE_SERVER_DATA", "sluice.toml:3".
struct GivenSetting {
    std::string key;
    std::string value;
    std::string origin;
};

struct ListenAddress {
    std::string host;
    std::uint16_t port = 0;
};

// NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): one object, in the order of what belongs together
struct Settings {
    std::vector<ListenAddress> listen;  // default 127.0.0.1:8080
    std::string data = "./sluice-data";
    std::string database = "sqlite";  // or a URL of PostgreSQL, which may hold a password
    std::string storage = "disk";     // or a URL of S3, never with credentials
    bool redirects_to_storage = false;
    bool runs_api = true;
    bool runs_workers = true;
    bool is_faithful = false;
    bool is_strict = true;       // durability
    unsigned workers = 0;        // 0: half of the cores
    unsigned quick_workers = 0;  // 0: half of the cores
    unsigned cores_per_job = 0;  // 0: the cores, shared out among the workers
    bool remux = true;           // conforming videos are copied, not encoded
    bool avif = false;           // pictures in AVIF too
    std::chrono::seconds job_lease{30};
    bool keeps_original = true;  // once everything was made of it
    bool sandbox = true;         // around what decodes
    UploadLimits limits;
    bool has_rates_of_x = false;
    std::vector<std::pair<std::string, RateLimit>> rates;  // of single buckets, the last one counts
    std::optional<protocol::InspectorMode> inspector;      // default: full in dev mode
    std::vector<FaultRule> faults;                         // dev mode only
    std::uint64_t fault_seed = 1;
    bool needs_keys = false;                // --auth keys
    std::vector<std::string> names;         // host names besides the loopback's
    std::vector<AddressRange> proxies;      // whose words of their clients are believed
    std::vector<std::string> cors_origins;  // whose pages may upload; empty: all
    std::string key_file;                   // empty: keys.secret in the data directory
    PollingLimits polling;
    FailedLoginLimits failed_logins;
    protocol::InterimRules rufh;
    ByteCount append_bytes_max;  // of one request of RUFH; 0: any
    // 0: as many as connections, and three quarters of them.
    protocol::WorkBounds work{.control = 0, .bulk = 0};
    // Of all buffers for bodies on their way, however many clients send.
    ByteCount body_memory{16U << 20};
    std::size_t connections = 0;  // 0: by the files that may be open
    bool dev_tls = false;
    ListenAddress dev_tls_listen{"127.0.0.1", 0};
    std::optional<ListenAddress> dev_proxy;  // implies dev_tls
    bool wants_help = false;
    std::vector<GivenSetting> given;  // all others have their defaults
};

// A setting that cannot be used; `is_usage` for a wrong flag (exit 2), else for a wrong value (exit
// 3).
struct SettingsError {
    std::string message;  // whole lines: what, and what would do
    bool is_usage = false;
};

using Environment = std::map<std::string, std::string>;

// `arguments`: those after "serve".
std::expected<Settings, SettingsError> read_settings(
    const std::vector<std::string>& arguments, const Environment& environment
);

std::string serve_help();
// "server.data" -> "SLUICE_SERVER_DATA".
std::string variable_of(std::string_view key);

}  // namespace sluice::server
