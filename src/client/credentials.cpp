#include "client/credentials.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "base/hmac.hpp"
#include "base/text.hpp"
#include "client/settings_text.hpp"

namespace sluice::client {
namespace {

// The members of one mapping, by the path that leads to it, in the order of the text.
struct Group {
    std::vector<std::string> path;
    std::map<std::string, std::string> members;
    std::pair<long, std::size_t> rank;  // the default ones first, else as in the text

    std::string member(const std::string& name) const {
        const auto found = members.find(name);
        return found == members.end() ? std::string() : found->second;
    }
    bool is_under(const std::string& name) const {
        return std::ranges::find(path, name) != path.end();
    }
};

std::vector<Group> groups_of(const Leaves& leaves) {
    std::vector<Group> groups;
    for (const auto& leaf : leaves) {
        auto path = leaf.path;
        path.pop_back();
        auto found = std::ranges::find(groups, path, &Group::path);
        if (found == groups.end()) {
            groups.push_back({.path = std::move(path), .members = {}, .rank = {}});
            found = std::prev(groups.end());
        }
        found->members[leaf.path.back()] = leaf.value;
    }
    return groups;
}

// Three files, three pairs of names for the same pair of secrets.
std::optional<OAuth1Keys> keys_in(const Group& group) {
    static constexpr std::array<std::array<const char*, 2>, 3> names{{
        {"access_token", "access_token_secret"},  // sluice keys create --json
        {"access_token", "token_secret"},         // xurl
        {"token", "secret"},                      // twurl
    }};
    for (const auto& [token, secret] : names) {
        OAuth1Keys keys{
            .consumer_key = group.member("consumer_key"),
            .consumer_secret = group.member("consumer_secret"),
            .token = group.member(token),
            .token_secret = group.member(secret)
        };
        const bool is_whole = !keys.consumer_key.empty() && !keys.consumer_secret.empty() &&
                              !keys.token.empty() && !keys.token_secret.empty();
        if (is_whole) {
            return keys;
        }
    }
    return std::nullopt;
}

// A user's token: ours, or one of xurl's oauth2_tokens.
std::string bearer_in(const Group& group) {
    const auto token = group.member("access_token");
    return group.is_under("oauth2_tokens") ? token : group.member("bearer_token");
}

// What the file calls its default: names of an account, an app, a user.
void add_defaults(const Group& group, std::vector<std::string>& names) {
    const bool is_all = group.is_under("default_profile");
    for (const auto& [name, value] : group.members) {
        if (is_all || name.starts_with("default_")) {
            names.push_back(value);
        }
    }
}

void rank(std::vector<Group>& groups) {
    std::vector<std::string> defaults;
    for (const auto& group : groups) {
        add_defaults(group, defaults);
    }
    for (std::size_t place = 0; place < groups.size(); ++place) {
        auto& group = groups[place];
        const auto hits = std::ranges::count_if(defaults, [&group](const auto& name) {
            return group.is_under(name);
        });
        group.rank = {-hits, place};
    }
    std::ranges::sort(groups, {}, &Group::rank);
}

}  // namespace

std::optional<Credentials> parse_credentials(const std::string& text) {
    const auto leaves = read_settings_text(text);
    if (!leaves) {
        return std::nullopt;
    }
    auto groups = groups_of(*leaves);
    rank(groups);
    Credentials credentials;
    for (const auto& group : groups) {
        if (!credentials.oauth1) {
            credentials.oauth1 = keys_in(group);
        }
        if (credentials.bearer.empty()) {
            credentials.bearer = bearer_in(group);
        }
    }
    return credentials.empty() ? std::nullopt : std::optional(std::move(credentials));
}

std::string authorization_for(const HttpRequest& request, const Credentials& credentials) {
    const bool is_v1 = request.url.find("/1.1/") != std::string::npos;
    if (credentials.oauth1 && (is_v1 || credentials.bearer.empty())) {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
        return oauth1_header(request, *credentials.oauth1, random_word(32), seconds);
    }
    return credentials.bearer.empty() ? "" : "Bearer " + credentials.bearer;
}

bool is_host_of_x(std::string_view url) {
    static constexpr std::array hosts{
        "upload.twitter.com", "upload.x.com", "api.twitter.com", "api.x.com"
    };
    if (!url.starts_with("https://")) {
        return false;
    }
    url.remove_prefix(8);
    const auto host = lower_case(url.substr(0, url.find('/')));
    return std::ranges::find(hosts, host) != hosts.end();
}

}  // namespace sluice::client
