#include "service/failed_logins.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"

namespace sluice {
namespace {

// An IPv6 address by its first half.
std::string name_of_address(std::string_view address) {
    std::array<unsigned char, 16> bytes{};
    const std::string text(address);
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1) {
        return "address " + text;
    }
    std::ranges::fill(bytes.begin() + 8, bytes.end(), static_cast<unsigned char>(0));
    std::array<char, INET6_ADDRSTRLEN> network{};
    ::inet_ntop(AF_INET6, bytes.data(), network.data(), network.size());
    return "address " + std::string(network.data());
}

// Whatever a caller claims, the name is short.
std::string name_of_key(std::string_view key) {
    return "key " + sha256_hex(key).substr(0, 32);
}

}  // namespace

std::optional<FailedLogins::Excess> FailedLogins::note(const FailedLogin& failed, WallTime now) {
    const std::scoped_lock lock(mutex_);
    auto by_address =
        counted(name_of_address(failed.address), "from this address", limits_.by_address, now);
    auto by_key =
        failed.key.empty()
            ? std::nullopt
            : counted(name_of_key(failed.key), "with this consumer key", limits_.by_key, now);
    return by_address ? by_address : by_key;
}

bool FailedLogins::would_exceed(const FailedLogin& failed, WallTime now) const {
    const std::scoped_lock lock(mutex_);
    return is_full(name_of_address(failed.address), limits_.by_address, now) ||
           (!failed.key.empty() && is_full(name_of_key(failed.key), limits_.by_key, now));
}

FailedLogins::Entry& FailedLogins::entry_of(std::string name) {
    if (const auto found = by_name_.find(name); found != by_name_.end()) {
        by_age_.splice(by_age_.begin(), by_age_, found->second);
        return *found->second;
    }
    if (by_age_.size() >= entries_max_) {
        by_name_.erase(by_age_.back().name);
        by_age_.pop_back();
    }
    by_age_.push_front({.name = std::move(name)});
    by_name_.emplace(by_age_.front().name, by_age_.begin());
    return by_age_.front();
}

std::optional<FailedLogins::Excess> FailedLogins::counted(
    std::string name, std::string_view whose, const RateLimit& limit, WallTime now
) {
    if (limit.calls == 0) {
        return std::nullopt;
    }
    Entry& entry = entry_of(std::move(name));
    if (now >= entry.resets) {
        entry.resets = now + limit.window;
        entry.failures = 0;
    }
    ++entry.failures;
    return entry.failures > limit.calls
               ? std::optional(Excess{whose, limit, entry.failures, entry.resets})
               : std::nullopt;
}

bool FailedLogins::is_full(const std::string& name, const RateLimit& limit, WallTime now) const {
    const auto found = by_name_.find(name);
    return limit.calls > 0 && found != by_name_.end() && now < found->second->resets &&
           found->second->failures >= limit.calls;
}

}  // namespace sluice
