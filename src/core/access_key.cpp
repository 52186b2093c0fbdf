#include "core/access_key.hpp"

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace sluice {
namespace {

struct ScopeName {
    Scope scope;
    std::string_view name;
};

constexpr std::array scope_names{
    ScopeName{Scope::media_write, "media.write"},
    ScopeName{Scope::tweet_read, "tweet.read"},
    ScopeName{Scope::tweet_write, "tweet.write"},
    ScopeName{Scope::users_read, "users.read"},
    ScopeName{Scope::dm_read, "dm.read"},
    ScopeName{Scope::dm_write, "dm.write"},
    ScopeName{Scope::offline_access, "offline.access"},
    ScopeName{Scope::admin, "admin"},
};

Error unknown_scope(std::string_view word) {
    return {
        .code = ErrorCode::parameter_invalid,
        .facts = "The scope \"" + printable(word) + "\" does not exist; known are " +
                 listed(Scope::all) + ".",
    };
}

}  // namespace

std::vector<std::string_view> names_of(Scope scopes) {
    std::vector<std::string_view> names;
    for (const ScopeName& row : scope_names) {
        if (has_scope(scopes, row.scope)) {
            names.push_back(row.name);
        }
    }
    return names;
}

std::string listed(Scope scopes) {
    std::string text;
    for (const std::string_view name : names_of(scopes)) {
        text += (text.empty() ? "" : ", ") + std::string(name);
    }
    return text.empty() ? "none" : text;
}

Result<Scope> parse_scopes(std::string_view text) {
    Scope scopes = Scope::none;
    while (!text.empty()) {
        const auto end = std::min(text.find_first_of(", "), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (word.empty()) {
            continue;
        }
        const auto* row = std::ranges::find(scope_names, word, &ScopeName::name);
        if (row == scope_names.end()) {
            return unknown_scope(word);
        }
        scopes = scopes | row->scope;
    }
    return scopes == Scope::none ? Result<Scope>(unknown_scope("")) : scopes;
}

}  // namespace sluice
