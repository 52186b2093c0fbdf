#include "server/limits_in_force.hpp"

#include <algorithm>
#include <array>
#include <ranges>
#include <string_view>
#include <utility>

#include "server/derived_settings.hpp"
#include "server/limit_settings.hpp"

namespace sluice::server {
namespace {

std::string text_of(ByteCount size) {
    static constexpr std::array<std::pair<int, std::string_view>, 4> units{
        {{40, "TiB"}, {30, "GiB"}, {20, "MiB"}, {10, "KiB"}}
    };
    for (const auto& [shift, unit] : units) {
        const std::uint64_t whole = size.value >> shift;
        if (whole > 0 && whole << shift == size.value) {
            return std::to_string(whole).append(unit);
        }
    }
    return std::to_string(size.value);
}

std::string or_off(ByteCount size) {
    return size.value == 0 ? "off" : text_of(size);
}

std::string or_off(std::uint64_t count) {
    return count == 0 ? "off" : std::to_string(count);
}

std::string text_of(std::chrono::seconds time) {
    return std::to_string(time.count()) + "s";
}

// "400/15m"
std::string text_of(const RateLimit& limit) {
    static constexpr std::array<std::pair<std::int64_t, char>, 4> units{
        {{86400, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}}
    };
    if (limit.calls == 0 && limit.window.count() == 0) {
        return "off";
    }
    const auto* unit = std::ranges::find_if(units, [&](const auto& one) {
        return limit.window.count() % one.first == 0;
    });
    return std::to_string(limit.calls) + "/" + std::to_string(limit.window.count() / unit->first) +
           unit->second;
}

struct Limit {
    std::string name;
    std::string value;
    std::string_view help;
};

std::vector<Limit> limits_of(const Settings& settings, std::size_t connections_max) {
    const UploadLimits& limits = settings.limits;
    const std::size_t connections =
        settings.connections > 0 ? settings.connections : connections_max;
    const protocol::WorkBounds work = work_bounds(settings, {.connections_max = connections});
    return {
        {"upload.max_bytes", text_of(limits.upload_bytes_max), "total_bytes of any upload"},
        {"segment.max_bytes", text_of(limits.segment_bytes_max), "one APPEND"},
        {"one_shot.max_bytes", text_of(limits.one_shot_bytes_max), "a file in one call"},
        {"append.max_bytes",
         or_off(settings.append_bytes_max),
         "one request of a resumable HTTP upload"},
        {"upload.lifetime", text_of(limits.lifetime), "an upload that nobody claims goes after it"},
        {"open_uploads", or_off(limits.quota.uploads_open_max), "open uploads of each user"},
        {"stored_bytes", or_off(limits.quota.bytes_max), "bytes of each user that are kept"},
        {"storage.reserve", or_off(limits.reserve), "of the disk that is promised to no upload"},
        {"jobs.lease",
         text_of(settings.job_lease),
         "the job of a worker that was not heard of for so long is begun anew"},
        {"requests.x", settings.has_rates_of_x ? "on" : "off", "X's own rates of calls"},
        {"polling.per_second",
         std::to_string(settings.polling.per_second_max),
         "STATUS for one upload under way"},
        {"failed_logins.address",
         text_of(settings.failed_logins.by_address),
         "wrong credentials from one address"},
        {"failed_logins.key",
         text_of(settings.failed_logins.by_key),
         "wrong credentials with one consumer key"},
        {"connections", std::to_string(connections), "of all doors at once"},
        {"memory.bodies", text_of(settings.body_memory), "all buffers for bodies on their way"},
        {"control.running", std::to_string(work.control), "small calls handled at once"},
        {"bulk.running", std::to_string(work.bulk), "calls with bodies and reads of media at once"},
    };
}

// Whether "open_uploads=5" or "requests.init=400/15m" is about "limits.open_uploads" or
// "limits.requests.v1.init".
bool is_about(std::string_view said, std::string_view name) {
    said = said.substr(0, said.find('='));
    constexpr std::string_view rates = "requests.";
    return said == name || (name.starts_with(rates) && said.starts_with(rates) &&
                            name.ends_with(said.substr(rates.size() - 1)));
}

// The last one that said it.
std::string origin_of(const Settings& settings, std::string_view name) {
    for (const GivenSetting& given : settings.given | std::views::reverse) {
        if (given.key == "limits" && is_about(given.value, name)) {
            return given.origin;
        }
    }
    return "default";
}

SettingInForce in_force(std::string_view name, std::string value, std::string_view help) {
    return {
        .key = "limits." + std::string(name),
        .flag = "--limit",
        .value = std::move(value),
        .origin = "default",
        .help = std::string(help),
    };
}

}  // namespace

std::vector<SettingInForce> limits_in_force(const Settings& settings, std::size_t connections_max) {
    std::vector<SettingInForce> all;
    for (Limit& limit : limits_of(settings, connections_max)) {
        all.push_back(in_force(limit.name, std::move(limit.value), limit.help));
        all.back().origin = origin_of(settings, limit.name);
    }
    const RateLimits rates = rate_limits(settings);
    const std::string base =
        settings.has_rates_of_x ? origin_of(settings, "requests.x") : "default";
    for (std::size_t at = 0; at < rate_bucket_count; ++at) {
        const auto bucket = static_cast<RateBucket>(at);
        const std::string name = "requests." + std::string(name_of(bucket));
        all.push_back(in_force(name, text_of(rates.of(bucket)), "calls of each user in a window"));
        const std::string origin = origin_of(settings, name);
        all.back().origin = origin == "default" ? base : origin;
    }
    return all;
}

}  // namespace sluice::server
