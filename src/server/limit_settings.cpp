#include "server/limit_settings.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "server/setting_values.hpp"

namespace sluice::server {
namespace {

using Outcome = SettingRow::Outcome;

struct Given {
    std::string name;
    std::string text;
};

Outcome must_be(std::string text) {
    return std::unexpected(std::move(text));
}

Outcome apply_lifetime(Settings& settings, const Given& given) {
    const auto lifetime = duration_of(given.text);
    if (!lifetime) {
        return must_be("upload.lifetime=DURATION, for example upload.lifetime=1d, 12h or 3600s");
    }
    settings.limits.lifetime = *lifetime;
    return {};
}

Outcome apply_open_uploads(Settings& settings, const Given& given) {
    const auto number = parse_unsigned(given.text == "off" ? "0" : given.text);
    if (!number || (*number == 0 && given.text != "off")) {
        return must_be("open_uploads=NUMBER of each user, or open_uploads=off");
    }
    settings.limits.quota.uploads_open_max = *number;
    return {};
}

Outcome apply_stored_bytes(Settings& settings, const Given& given) {
    const auto size = given.text == "off" ? std::optional(ByteCount{}) : parse_size(given.text);
    if (!size || (size->value == 0 && given.text != "off")) {
        return must_be("stored_bytes=SIZE of each user, for example stored_bytes=10G, or off");
    }
    settings.limits.quota.bytes_max = *size;
    return {};
}

Outcome apply_rates_of_x(Settings& settings, const Given& given) {
    if (given.text != "on" && given.text != "off") {
        return must_be("requests.x=on (X's own limits) or requests.x=off");
    }
    settings.has_rates_of_x = given.text == "on";
    return {};
}

Outcome apply_rate(Settings& settings, const Given& given) {
    const std::string bucket = given.name.substr(std::string_view("requests.").size());
    const auto limit = parse_rate_limit(given.text);
    RateLimits known;
    if (!set_rate_limit(known, bucket, {})) {
        return must_be(
            "requests.BUCKET=CALLS/WINDOW with a bucket of init append finalize status one_shot "
            "metadata subtitles post message account look_up, each also with v1. or v2. before it"
        );
    }
    if (!limit) {
        return must_be(given.name + "=CALLS/WINDOW, for example " + given.name + "=400/15m");
    }
    settings.rates.emplace_back(bucket, *limit);
    return {};
}

Outcome apply_polling(Settings& settings, const Given& given) {
    const auto count = parse_unsigned(given.text);
    if (!count || *count == 0 || *count > 1'000'000) {
        return must_be("polling.per_second=COUNT, of STATUS for one upload under way");
    }
    settings.polling.per_second_max = static_cast<std::uint32_t>(*count);
    return {};
}

Outcome apply_running(Settings& settings, const Given& given) {
    const auto count = parse_unsigned(given.text);
    if (!count || *count < 4 || *count > 1'000'000) {
        return must_be(given.name + "=COUNT of requests handled at once, from 4");
    }
    const bool is_bulk = given.name == "bulk.running";
    (is_bulk ? settings.work.bulk : settings.work.control) = *count;
    return {};
}

Outcome apply_connections(Settings& settings, const Given& given) {
    const auto count = parse_unsigned(given.text);
    if (!count || *count < 16 || *count > 1'000'000) {
        return must_be("connections=COUNT, from 16");
    }
    settings.connections = *count;
    return {};
}

Outcome apply_memory_of_bodies(Settings& settings, const Given& given) {
    const auto size = parse_size(given.text);
    if (!size || size->value < (2U << 20)) {
        return must_be("memory.bodies=SIZE of all buffers for bodies on their way, from 2M");
    }
    settings.body_memory = *size;
    return {};
}

Outcome apply_size(Settings& settings, const Given& given) {
    const auto size = parse_size(given.text);
    if (!size || size->value == 0) {
        return must_be(given.name + "=SIZE, for example " + given.name + "=2G");
    }
    ByteCount& limit = given.name == "upload.max_bytes"    ? settings.limits.upload_bytes_max
                       : given.name == "segment.max_bytes" ? settings.limits.segment_bytes_max
                                                           : settings.limits.one_shot_bytes_max;
    limit = *size;
    return {};
}

Outcome apply_append_bytes(Settings& settings, const Given& given) {
    const auto size = given.text == "off" ? std::optional(ByteCount{}) : parse_size(given.text);
    if (!size || (size->value == 0 && given.text != "off")) {
        return must_be("append.max_bytes=SIZE of one request of a resumable upload, or off");
    }
    settings.append_bytes_max = *size;
    return {};
}

Outcome apply_reserve(Settings& settings, const Given& given) {
    const auto size = given.text == "off" ? std::optional(ByteCount{}) : parse_size(given.text);
    if (!size) {
        return must_be("storage.reserve=SIZE of the disk that is promised to no upload, or off");
    }
    settings.limits.reserve = *size;
    return {};
}

Outcome apply_failed_logins(Settings& settings, const Given& given) {
    const auto limit =
        given.text == "off" ? std::optional(RateLimit{}) : parse_rate_limit(given.text);
    if (!limit || (limit->calls == 0 && given.text != "off")) {
        return must_be(
            given.name + "=CALLS/WINDOW, for example " + given.name + "=600/15m, or off"
        );
    }
    const bool is_address = given.name == "failed_logins.address";
    (is_address ? settings.failed_logins.by_address : settings.failed_logins.by_key) = *limit;
    return {};
}

Outcome apply_job_lease(Settings& settings, const Given& given) {
    const auto lease = duration_of(given.text);
    if (!lease || lease->count() < 2 || lease->count() > 3600) {
        return must_be("jobs.lease=DURATION, from 2s to 1h");
    }
    settings.job_lease = *lease;
    return {};
}

struct LimitRow {
    std::string_view name;
    Outcome (*apply)(Settings&, const Given&);
};

constexpr std::array limit_rows{
    LimitRow{"upload.max_bytes", apply_size},
    LimitRow{"segment.max_bytes", apply_size},
    LimitRow{"one_shot.max_bytes", apply_size},
    LimitRow{"append.max_bytes", apply_append_bytes},
    LimitRow{"upload.lifetime", apply_lifetime},
    LimitRow{"open_uploads", apply_open_uploads},
    LimitRow{"stored_bytes", apply_stored_bytes},
    LimitRow{"storage.reserve", apply_reserve},
    LimitRow{"jobs.lease", apply_job_lease},
    LimitRow{"requests.x", apply_rates_of_x},
    LimitRow{"polling.per_second", apply_polling},
    LimitRow{"failed_logins.address", apply_failed_logins},
    LimitRow{"failed_logins.key", apply_failed_logins},
    LimitRow{"connections", apply_connections},
    LimitRow{"memory.bodies", apply_memory_of_bodies},
    LimitRow{"control.running", apply_running},
    LimitRow{"bulk.running", apply_running},
};

}  // namespace

Outcome apply_limit(Settings& settings, const std::string& value) {
    const auto equal = value.find('=');
    const Given given{
        value.substr(0, equal), equal == std::string::npos ? "" : value.substr(equal + 1)
    };
    const auto row = std::ranges::find(limit_rows, given.name, &LimitRow::name);
    if (row != limit_rows.end()) {
        return row->apply(settings, given);
    }
    if (given.name.starts_with("requests.")) {
        return apply_rate(settings, given);
    }
    std::string known = "NAME=VALUE with one of the names";
    for (const LimitRow& known_row : limit_rows) {
        known += " " + std::string(known_row.name);
    }
    return must_be(known + " requests.init …");
}

RateLimits rate_limits(const Settings& settings) {
    RateLimits limits = settings.has_rates_of_x ? RateLimits::of_x() : RateLimits();
    for (const auto& [bucket, limit] : settings.rates) {
        set_rate_limit(limits, bucket, limit);
    }
    return limits;
}

}  // namespace sluice::server
